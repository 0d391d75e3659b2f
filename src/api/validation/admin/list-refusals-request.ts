import type { ListRefusalsRequest } from "../../../../gen/quota/v1/admin_service_pb.ts";
import type { AdminService } from "../../../services/admin/admin-service.ts";
import type { PagePosition } from "../../../services/page.ts";
import { readOptionalCode, readOptionalTenantId } from "../common-fields.ts";
import { FieldViolations } from "../field-violations.ts";
import { given } from "../given.ts";
import { readPageRequest } from "../page-request.ts";
import { readRange } from "../time-range.ts";

type RefusalFilter = Parameters<AdminService["listRefusals"]>[0];

/** @throws InvalidRequestError naming every bad field */
export function refusalQuestionOf(request: ListRefusalsRequest): { filter: RefusalFilter; page: PagePosition } {
  const violations = new FieldViolations();
  const tenantId = readOptionalTenantId(violations, "tenant_id", request.tenantId);
  const metricCode = readOptionalCode(violations, "metric_code", request.metricCode);
  const { from: hourFrom, before: hourBefore } = readRange(violations, {
    from: ["hour_from", request.hourFrom],
    before: ["hour_before", request.hourBefore],
  });
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  return { filter: given({ tenantId, metricCode, hourFrom, hourBefore }), page };
}
