import type { ErrorReasonName } from "./attempt-outcome.ts";
import type { ErrorDetails, FieldViolation } from "./error-details.ts";
import type { StatusCode } from "./status-code.ts";

/** What a failed call says, before it is known which class it deserves. */
export interface FailedCall {
  readonly code: StatusCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly attempts: number;
  readonly mayBeRecorded: boolean;
  readonly idempotencyKey: string | undefined;
  readonly cause: unknown;
}

/** A call that failed. Decide by `reason`, or by `code` where there is none; the message is for people. */
export class QuotaServiceError extends Error {
  override readonly name: string = "QuotaServiceError";
  /** The gRPC status code. */
  readonly code: StatusCode;
  /** Why, as the service says; undefined when a library, a proxy or this client failed the call. */
  readonly reason: ErrorReasonName | (string & {}) | undefined;
  /** The numbers behind the reason, as decimal text. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The bad fields, for INVALID_REQUEST and PAGE_TOKEN_INVALID. */
  readonly violations: readonly FieldViolation[];
  /** How long the service asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** How often the request was sent; 0 when it was not. */
  readonly attempts: number;
  /**
   * True when the use may have been recorded although the call failed. Only a repeat with `idempotencyKey` tells. Always
   * false for reads.
   */
  readonly mayBeRecorded: boolean;
  /** The key that every attempt carried; undefined for reads. */
  readonly idempotencyKey: string | undefined;

  constructor(failed: FailedCall) {
    super(failed.message, { cause: failed.cause });
    this.code = failed.code;
    this.reason = failed.details.reason;
    this.metadata = failed.details.metadata;
    this.violations = failed.details.violations;
    this.retryAfterMs = failed.details.retryAfterMs;
    this.attempts = failed.attempts;
    this.mayBeRecorded = failed.mayBeRecorded;
    this.idempotencyKey = failed.idempotencyKey;
  }
}

/**
 * Nobody decided: the service was not reached, did not answer in time, or said that it cannot tell. What the caller does
 * then is its choice, `whenUnavailable`.
 */
export class QuotaUnavailableError extends QuotaServiceError {
  override readonly name: string = "QuotaUnavailableError";
}

/** The call was not sent, because this client has as many calls in progress and waiting as it may. */
export class QuotaClientOverloadedError extends QuotaUnavailableError {
  override readonly name = "QuotaClientOverloadedError";
}

/** A HARD limit refused the use, and nothing was recorded. Amounts are in the metric's unit. */
export class QuotaExceededError extends QuotaServiceError {
  override readonly name = "QuotaExceededError";
  readonly metricCode: string;
  readonly limit: bigint;
  /** Usage in the period, without the amount asked for. */
  readonly current: bigint;
  /** The amount asked for. */
  readonly requested: bigint;
  /** `limit` minus `current`; negative when a limit was lowered. */
  readonly remaining: bigint;
  readonly enforcement: "HARD" | (string & {});
  readonly limitSource: "SUBSCRIBED_PLAN" | "REQUESTED_PLAN" | "DEFAULT_PLAN" | "OVERRIDE" | (string & {});
  readonly planCode: string;
  /** When usage starts from 0 again; undefined when the period never ends. */
  readonly periodEnd: Date | undefined;

  constructor(failed: FailedCall) {
    super(failed);
    const { metadata } = failed.details;
    this.metricCode = metadata["metric_code"] ?? "";
    this.limit = amountIn(metadata, "limit");
    this.current = amountIn(metadata, "current");
    this.requested = amountIn(metadata, "requested");
    this.remaining = amountIn(metadata, "remaining");
    this.enforcement = metadata["enforcement"] ?? "HARD";
    this.limitSource = metadata["limit_source"] ?? "";
    this.planCode = metadata["plan_code"] ?? "";
    this.periodEnd = metadata["period_end"] === undefined ? undefined : new Date(metadata["period_end"]);
  }
}

function amountIn(metadata: Readonly<Record<string, string>>, name: string): bigint {
  const text = metadata[name];
  if (text === undefined || !/^-?\d+$/.test(text)) {
    throw new TypeError(`QUOTA_EXCEEDED came with ${name} = ${JSON.stringify(text)}; expected decimal digits`);
  }
  return BigInt(text);
}
