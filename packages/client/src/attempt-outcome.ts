import type { ErrorReason } from "./gen/quota/v1/error_reason_pb.ts";
import type { StatusCode } from "./status-code.ts";

/** A value of the contract's `ErrorReason`, for instance `"NO_PLAN"`. */
export type ErrorReasonName = Exclude<keyof typeof ErrorReason, "UNSPECIFIED">;

/**
 * Reasons that the service gives only after it has looked the idempotency key up: what an earlier attempt may have recorded
 * would have been found.
 */
const reasonsAfterLookUp: ReadonlySet<string> = new Set<ErrorReasonName>([
  "QUOTA_EXCEEDED",
  "NO_PLAN",
  "METRIC_NOT_IN_PLAN",
  "PLAN_NOT_FOUND",
  "COUNTER_OVERFLOW",
  "IDEMPOTENCY_KEY_REUSED",
]);

/** Reasons that leave open whether the attempt was recorded. Every other one says that it was not. */
const openReasons: ReadonlySet<string> = new Set<ErrorReasonName>(["OUTCOME_UNKNOWN", "INTERNAL"]);

/** Reasons by which the service says that it came to no decision, for no fault of the request. */
const undecidedReasons: ReadonlySet<string> = new Set<ErrorReasonName>([
  "OVERLOADED",
  "CALLER_THROTTLED",
  "DATABASE_UNAVAILABLE",
  "DRAINING",
  "OUTCOME_UNKNOWN",
  "INTERNAL",
]);

/** Codes that libraries give a call which broke off, did not arrive, or was not answered in time. */
const brokenCodes: ReadonlySet<StatusCode> = new Set<StatusCode>([
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "UNKNOWN",
  "INTERNAL",
  "ABORTED",
  "CANCELLED",
  "DATA_LOSS",
]);

/** Codes by which somebody on the way turns a call back before it reaches the service. */
const turnedBackCodes: ReadonlySet<StatusCode> = new Set<StatusCode>([
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "UNIMPLEMENTED",
]);

/** Whether a repeat may succeed. It is safe for reads, and for records because each has a key. */
export function isRetryable(code: StatusCode, reason: string | undefined): boolean {
  return reason === undefined ? brokenCodes.has(code) : code === "UNAVAILABLE";
}

/** Whether nobody decided: the service was not reached, or could not tell. */
export function isUndecided(code: StatusCode, reason: string | undefined): boolean {
  return reason === undefined ? brokenCodes.has(code) : undecidedReasons.has(reason);
}

/** Whether the attempt may have been recorded all the same. */
export function leavesOutcomeOpen(code: StatusCode, reason: string | undefined): boolean {
  return reason === undefined ? !turnedBackCodes.has(code) : openReasons.has(reason);
}

/** Whether the answer also says what became of earlier attempts with the same key. */
export function settlesEarlierAttempts(reason: string | undefined): boolean {
  return reason !== undefined && reasonsAfterLookUp.has(reason);
}
