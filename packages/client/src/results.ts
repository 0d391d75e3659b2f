import type { QuotaUnavailableError } from "./errors.ts";
import type { QuotaStatus, UsageEvent } from "./usage.ts";
import type { UnavailablePolicy, UndecidedUse } from "./when-unavailable.ts";

/** What the service answered to a check. Advice, not a reservation. */
export interface DecidedCheck {
  readonly decided: true;
  /** False exactly when the limit is HARD and would be exceeded. */
  readonly allowed: boolean;
  /** Whether the limit would be exceeded, HARD or SOFT. */
  readonly wouldExceed: boolean;
  /** What would be left afterwards, negative when it would exceed; undefined when unlimited. */
  readonly remaining: bigint | undefined;
  /** How the tenant stands now. */
  readonly status: QuotaStatus;
}

/** What `whenUnavailable.check` answers in place of the service. */
export interface UndecidedCheck {
  readonly decided: false;
  readonly allowed: boolean;
  readonly error: QuotaUnavailableError;
}

/** A use that is recorded. */
export interface RecordedUse {
  readonly decided: true;
  readonly admitted: true;
  readonly event: UsageEvent;
  /** How the tenant stands directly after the event; on a replay, as it was then. */
  readonly status: QuotaStatus;
  /** True when usage is above a SOFT limit. */
  readonly overLimit: boolean;
  /** True when an earlier call, or an earlier attempt of this one, recorded the event. */
  readonly replayed: boolean;
  readonly idempotencyKey: string;
  /** How often the request was sent. */
  readonly attempts: number;
}

/** What `whenUnavailable.record` answers in place of the service: it is not known to be recorded. */
export interface UnrecordedUse {
  readonly decided: false;
  readonly admitted: boolean;
  /** What to keep, and to record later. */
  readonly use: UndecidedUse;
}

/** Who throws when nobody decided has no other answer to look out for. */
export type CheckResult<P extends UnavailablePolicy> = P extends "throw" ? DecidedCheck : DecidedCheck | UndecidedCheck;
export type RecordResult<P extends UnavailablePolicy> = P extends "throw" ? RecordedUse : RecordedUse | UnrecordedUse;

/** Some events of a list. */
export interface EventPage {
  readonly events: readonly UsageEvent[];
  /** For `pageToken`, within 24 hours; undefined after the last page. */
  readonly nextPageToken: string | undefined;
}
