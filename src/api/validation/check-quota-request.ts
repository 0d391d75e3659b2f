import type { CheckQuotaRequest } from "../../../gen/quota/v1/quota_service_pb.ts";
import { amountProblem } from "../../domain/checks.ts";
import type { QuotaQuestion } from "../../services/quota-enforcement-service.ts";
import { readCode, readOptionalCode, readTenantId } from "./common-fields.ts";
import { FieldViolations } from "./field-violations.ts";

/** @throws InvalidRequestError naming every bad field */
export function quotaQuestionOf(request: CheckQuotaRequest): QuotaQuestion {
  const violations = new FieldViolations();
  const tenantId = readTenantId(violations, "tenant_id", request.tenantId);
  const metricCode = readCode(violations, "metric_code", request.metricCode);
  violations.add("amount", amountProblem(request.amount));
  const planCode = readOptionalCode(violations, "plan_code", request.planCode);
  violations.throwIfAny();
  const question = { tenantId, metricCode, amount: request.amount };
  return planCode === undefined ? question : { ...question, planCode };
}
