import type { ListUsageEventsRequest } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { EventOrderSchema } from "../../../../gen/quota/v1/usage_pb.ts";
import type { AdminService } from "../../../services/admin/admin-service.ts";
import type { PagePosition } from "../../../services/page.ts";
import { eventOrdersByNumber } from "../../mapping/enums.ts";
import { readOptionalCode, readOptionalTenantId } from "../common-fields.ts";
import { readEnum } from "../enum-fields.ts";
import { FieldViolations } from "../field-violations.ts";
import { given } from "../given.ts";
import { readPageRequest } from "../page-request.ts";
import { readRange } from "../time-range.ts";

type TenantsEventFilter = Parameters<AdminService["listUsageEvents"]>[0];

/** @throws InvalidRequestError naming every bad field */
export function tenantsEventQuestionOf(request: ListUsageEventsRequest): {
  filter: TenantsEventFilter;
  page: PagePosition;
} {
  const violations = new FieldViolations();
  const tenantId = readOptionalTenantId(violations, "tenant_id", request.tenantId);
  const metricCode = readOptionalCode(violations, "metric_code", request.metricCode);
  const { from: createdFrom, before: createdBefore } = readRange(violations, {
    from: ["created_from", request.createdFrom],
    before: ["created_before", request.createdBefore],
  });
  const order = readEnum(violations, "order", EventOrderSchema, eventOrdersByNumber, request.order);
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  const filter = given({ tenantId, metricCode, createdFrom, createdBefore });
  return { filter: { ...filter, order: order ?? "NEWEST_FIRST" }, page };
}
