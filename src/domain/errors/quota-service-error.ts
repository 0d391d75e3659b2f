/** Why a call was not served: the values of `quota.v1.ErrorReason` that the service itself decides on. */
export type QuotaErrorReason =
  | "INVALID_REQUEST"
  | "PAGE_TOKEN_INVALID"
  | "MESSAGE_TOO_LARGE"
  | "QUOTA_EXCEEDED"
  | "NO_PLAN"
  | "METRIC_NOT_IN_PLAN"
  | "PLAN_IN_USE"
  | "PLAN_NOT_FOUND"
  | "SUBSCRIPTION_NOT_FOUND"
  | "API_KEY_NOT_FOUND"
  | "IDEMPOTENCY_KEY_REUSED"
  | "PLAN_EXISTS"
  | "REVISION_MISMATCH"
  | "COUNTER_OVERFLOW"
  | "CREDENTIAL_MISSING"
  | "CREDENTIAL_INVALID"
  | "ROLE_NOT_ALLOWED"
  | "TENANT_MISMATCH"
  | "PLAN_CODE_NOT_ALLOWED"
  | "OVERLOADED"
  | "CALLER_THROTTLED"
  | "DATABASE_UNAVAILABLE"
  | "DRAINING"
  | "OUTCOME_UNKNOWN";

/**
 * A failure that the caller is told about. Subclasses hold numbers and codes, no prose for the wire; what a reason means
 * for a door (status code, details) stands in that door's one table.
 */
export abstract class QuotaServiceError extends Error {
  abstract readonly reason: QuotaErrorReason;

  override get name(): string {
    return this.constructor.name;
  }
}
