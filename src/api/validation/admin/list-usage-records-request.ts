import { type ListUsageRecordsRequest, UsageRecordOrderSchema } from "../../../../gen/quota/v1/admin_service_pb.ts";
import type { AdminService } from "../../../services/admin/admin-service.ts";
import type { PagePosition } from "../../../services/page.ts";
import { usageRecordOrdersByNumber } from "../../mapping/enums.ts";
import { readOptionalCode, readOptionalTenantId } from "../common-fields.ts";
import { readEnum } from "../enum-fields.ts";
import { FieldViolations } from "../field-violations.ts";
import { given } from "../given.ts";
import { readPageRequest } from "../page-request.ts";
import { readRange } from "../time-range.ts";

type UsageRecordFilter = Parameters<AdminService["listUsageRecords"]>[0];

/** @throws InvalidRequestError naming every bad field */
export function usageRecordQuestionOf(request: ListUsageRecordsRequest): {
  filter: UsageRecordFilter;
  page: PagePosition;
} {
  const violations = new FieldViolations();
  const tenantId = readOptionalTenantId(violations, "tenant_id", request.tenantId);
  const metricCode = readOptionalCode(violations, "metric_code", request.metricCode);
  const periodEnd = readRange(violations, {
    from: ["period_end_from", request.periodEndFrom],
    before: ["period_end_before", request.periodEndBefore],
  });
  const created = readRange(violations, {
    from: ["created_from", request.createdFrom],
    before: ["created_before", request.createdBefore],
  });
  const order = readEnum(violations, "order", UsageRecordOrderSchema, usageRecordOrdersByNumber, request.order);
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  const bounds = {
    periodEndFrom: periodEnd.from,
    periodEndBefore: periodEnd.before,
    createdFrom: created.from,
    createdBefore: created.before,
  };
  return { filter: { ...given({ tenantId, metricCode, ...bounds }), order: order ?? "NEWEST_FIRST" }, page };
}
