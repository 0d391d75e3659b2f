import type { JsonObject } from "@bufbuild/protobuf";

/** What happens to a use that would exceed the limit. */
export type Enforcement = "HARD" | "SOFT" | "UNKNOWN";
/** Where a limit comes from. */
export type LimitSource = "SUBSCRIBED_PLAN" | "REQUESTED_PLAN" | "DEFAULT_PLAN" | "OVERRIDE" | "UNKNOWN";
/** How long a counter runs. */
export type PeriodKind = "HOUR" | "DAY" | "WEEK" | "MONTH" | "YEAR" | "LIFETIME" | "UNKNOWN";

/** What a decision rests on. Names are UNKNOWN when the service is newer than this client and has one that it lacks. */
interface Decision {
  readonly metricCode: string;
  /** In the metric's unit; undefined when unlimited. */
  readonly limit: bigint | undefined;
  readonly enforcement: Enforcement;
  readonly limitSource: LimitSource;
  readonly planCode: string;
  readonly periodKind: PeriodKind;
  /** Inclusive; undefined for LIFETIME. */
  readonly periodStart: Date | undefined;
  /** Exclusive; undefined for LIFETIME. */
  readonly periodEnd: Date | undefined;
}

/** How a tenant stands with one metric. */
export interface QuotaStatus extends Decision {
  /** Usage in the period, in the metric's unit. */
  readonly current: bigint;
  /** `limit` minus `current`, negative when over it; undefined when unlimited. */
  readonly remaining: bigint | undefined;
}

/** One use that was admitted. */
export interface UsageEvent extends Decision {
  /** A UUIDv7. */
  readonly id: string;
  readonly tenantId: string;
  readonly amount: bigint;
  readonly metadata: JsonObject;
  readonly createdAt: Date;
  readonly idempotencyKey: string | undefined;
  /** Number of the event within its counter, from 1, without gaps. */
  readonly sequence: bigint;
  /** The counter after this event. */
  readonly usageAfter: bigint;
  readonly requestedPlanCode: string | undefined;
}
