import type { RecordUsageRequest } from "../../../gen/quota/v1/quota_service_pb.ts";
import { amountProblem, idempotencyKeyProblem } from "../../domain/checks.ts";
import { checkMetadata } from "../../domain/metadata.ts";
import type { UsageAttempt } from "../../domain/usage-attempt.ts";
import { readCode, readOptionalCode, readTenantId } from "./common-fields.ts";
import { FieldViolations } from "./field-violations.ts";

/** @throws InvalidRequestError naming every bad field */
export function usageAttemptOf(request: RecordUsageRequest): UsageAttempt {
  const violations = new FieldViolations();
  const tenantId = readTenantId(violations, "tenant_id", request.tenantId);
  const metricCode = readCode(violations, "metric_code", request.metricCode);
  violations.add("amount", amountProblem(request.amount));
  const { canonical = "", problem } = checkMetadata(request.metadata ?? {});
  violations.add("metadata", problem);
  const { idempotencyKey } = request;
  if (idempotencyKey !== undefined) violations.add("idempotency_key", idempotencyKeyProblem(idempotencyKey));
  const planCode = readOptionalCode(violations, "plan_code", request.planCode);
  violations.throwIfAny();
  return {
    tenantId,
    metricCode,
    amount: request.amount,
    metadata: canonical,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(planCode === undefined ? {} : { planCode }),
  };
}
