import type { GetStatusRequest } from "../../../gen/quota/v1/quota_service_pb.ts";
import { metricFilterMax } from "../../domain/bounds.ts";
import { countProblem } from "../../domain/checks.ts";
import { readCode, readTenantId } from "./common-fields.ts";
import { FieldViolations } from "./field-violations.ts";

export interface StatusQuestion {
  readonly tenantId: string;
  /** Empty: all. */
  readonly metricCodes: readonly string[];
}

/** @throws InvalidRequestError naming every bad field */
export function statusQuestionOf(request: GetStatusRequest): StatusQuestion {
  const violations = new FieldViolations();
  const tenantId = readTenantId(violations, "tenant_id", request.tenantId);
  violations.add("metric_codes", countProblem(request.metricCodes.length, metricFilterMax));
  const metricCodes = request.metricCodes
    .slice(0, metricFilterMax)
    .map((code, index) => readCode(violations, `metric_codes[${index}]`, code));
  violations.throwIfAny();
  return { tenantId, metricCodes };
}
