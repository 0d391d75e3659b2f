import type { ListChangesRequest } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { ControlObjectKind, ControlObjectKindSchema } from "../../../../gen/quota/v1/control_change_pb.ts";
import { EventOrderSchema } from "../../../../gen/quota/v1/usage_pb.ts";
import { controlObjectIdProblem, keyIdProblem } from "../../../domain/checks.ts";
import type { AdminService } from "../../../services/admin/admin-service.ts";
import type { PagePosition } from "../../../services/page.ts";
import { controlObjectKindsByNumber, eventOrdersByNumber } from "../../mapping/enums.ts";
import { readOptionalTenantId } from "../common-fields.ts";
import { readEnum } from "../enum-fields.ts";
import { FieldViolations } from "../field-violations.ts";
import { given } from "../given.ts";
import { readPageRequest } from "../page-request.ts";
import { readRange } from "../time-range.ts";

type ChangeFilter = Parameters<AdminService["listChanges"]>[0];

/** @throws InvalidRequestError naming every bad field */
export function changeQuestionOf(request: ListChangesRequest): { filter: ChangeFilter; page: PagePosition } {
  const violations = new FieldViolations();
  const objectKind =
    request.objectKind === ControlObjectKind.UNSPECIFIED
      ? undefined
      : readEnum(violations, "object_kind", ControlObjectKindSchema, controlObjectKindsByNumber, request.objectKind);
  const { objectId } = request;
  if (objectId !== undefined) violations.add("object_id", controlObjectIdProblem(objectId));
  const tenantId = readOptionalTenantId(violations, "tenant_id", request.tenantId);
  const actorKeyId = request.actorKeyId?.toLowerCase();
  if (actorKeyId !== undefined) violations.add("actor_key_id", keyIdProblem(actorKeyId));
  const { from: createdFrom, before: createdBefore } = readRange(violations, {
    from: ["created_from", request.createdFrom],
    before: ["created_before", request.createdBefore],
  });
  const order = readEnum(violations, "order", EventOrderSchema, eventOrdersByNumber, request.order);
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  const filter = given({ objectKind, objectId, tenantId, actorKeyId, createdFrom, createdBefore });
  return { filter: { ...filter, order: order ?? "NEWEST_FIRST" }, page };
}
