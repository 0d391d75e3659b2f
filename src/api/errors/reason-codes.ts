import type { ErrorReason } from "../../../gen/quota/v1/error_reason_pb.ts";
import { OutcomeUnknownError } from "../../domain/errors/availability-errors.ts";
import type { QuotaServiceError } from "../../domain/errors/quota-service-error.ts";
import { type StatusCode, statusCodes } from "./status-code.ts";

/** The value of an ErrorInfo's `reason`: the enum's names without their prefix. */
export type ErrorReasonName = Exclude<keyof typeof ErrorReason, "UNSPECIFIED">;

/** The one table of reasons and codes, for every door. */
export const codesByReason: Readonly<Record<ErrorReasonName, StatusCode>> = {
  INVALID_REQUEST: statusCodes.INVALID_ARGUMENT,
  PAGE_TOKEN_INVALID: statusCodes.INVALID_ARGUMENT,
  MESSAGE_TOO_LARGE: statusCodes.INVALID_ARGUMENT,
  QUOTA_EXCEEDED: statusCodes.RESOURCE_EXHAUSTED,
  NO_PLAN: statusCodes.FAILED_PRECONDITION,
  METRIC_NOT_IN_PLAN: statusCodes.FAILED_PRECONDITION,
  PLAN_IN_USE: statusCodes.FAILED_PRECONDITION,
  PLAN_NOT_FOUND: statusCodes.NOT_FOUND,
  SUBSCRIPTION_NOT_FOUND: statusCodes.NOT_FOUND,
  API_KEY_NOT_FOUND: statusCodes.NOT_FOUND,
  IDEMPOTENCY_KEY_REUSED: statusCodes.ALREADY_EXISTS,
  PLAN_EXISTS: statusCodes.ALREADY_EXISTS,
  REVISION_MISMATCH: statusCodes.ABORTED,
  COUNTER_OVERFLOW: statusCodes.OUT_OF_RANGE,
  CREDENTIAL_MISSING: statusCodes.UNAUTHENTICATED,
  CREDENTIAL_INVALID: statusCodes.UNAUTHENTICATED,
  ROLE_NOT_ALLOWED: statusCodes.PERMISSION_DENIED,
  TENANT_MISMATCH: statusCodes.PERMISSION_DENIED,
  PLAN_CODE_NOT_ALLOWED: statusCodes.PERMISSION_DENIED,
  OVERLOADED: statusCodes.UNAVAILABLE,
  CALLER_THROTTLED: statusCodes.UNAVAILABLE,
  DATABASE_UNAVAILABLE: statusCodes.UNAVAILABLE,
  DRAINING: statusCodes.UNAVAILABLE,
  OUTCOME_UNKNOWN: statusCodes.UNAVAILABLE,
  INTERNAL: statusCodes.INTERNAL,
};

/**
 * The code of an error: its reason's, with the one exception of the contract. Clients retry UNAVAILABLE by themselves,
 * and a call without a key whose outcome is not known must not be retried blindly (R14).
 */
export function codeOf(error: QuotaServiceError): StatusCode {
  if (error instanceof OutcomeUnknownError && !error.isRepeatable) return statusCodes.UNKNOWN;
  return codesByReason[error.reason];
}
