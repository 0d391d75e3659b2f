import type { ListTenantsNearLimitRequest } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { percentUsedDefault, percentUsedMax } from "../../../domain/bounds.ts";
import type { AdminService } from "../../../services/admin/admin-service.ts";
import type { PagePosition } from "../../../services/page.ts";
import { readOptionalCode } from "../common-fields.ts";
import { FieldViolations } from "../field-violations.ts";
import { given } from "../given.ts";
import { readPageRequest } from "../page-request.ts";

type NearLimitFilter = Parameters<AdminService["listTenantsNearLimit"]>[0];

/** @throws InvalidRequestError naming every bad field */
export function nearLimitQuestionOf(request: ListTenantsNearLimitRequest): {
  filter: NearLimitFilter;
  page: PagePosition;
} {
  const violations = new FieldViolations();
  const metricCode = readOptionalCode(violations, "metric_code", request.metricCode);
  const { minPercentUsed = percentUsedDefault } = request;
  if (minPercentUsed < 0 || minPercentUsed > percentUsedMax) {
    violations.add("min_percent_used", `${minPercentUsed} is outside of 0 to ${percentUsedMax}`);
  }
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  return { filter: { ...given({ metricCode }), minPercentUsed }, page };
}
