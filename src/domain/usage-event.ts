import type { EpochMilliseconds } from "./instant.ts";
import type { LimitEnforcement } from "./limit-enforcement.ts";
import type { LimitSource } from "./limit-source.ts";
import type { PeriodKind } from "./period-kind.ts";

/** One immutable fact: what a tenant used, and what the decision to admit it rested on. */
export interface UsageEvent {
  /** UUIDv7, greater than every earlier event's of the same tenant and metric (R8). */
  readonly id: string;
  readonly tenantId: string;
  readonly metricCode: string;
  /** 1 … 10^15. */
  readonly amount: bigint;
  /** Canonical JSON of an object; `{}` when the caller sent none. */
  readonly metadata: string;
  readonly createdAt: EpochMilliseconds;
  readonly idempotencyKey?: string;
  /** From 1 without gaps within the record, in commit order (R7). */
  readonly sequence: bigint;
  /** The counter after this event. */
  readonly usageAfter: bigint;
  /** `null` is unlimited. */
  readonly limit: bigint | null;
  readonly enforcement: LimitEnforcement;
  readonly limitSource: LimitSource;
  /** The plan that gave the period kind and, unless an override did, the limit. */
  readonly planCode: string;
  /** The plan named in the call, as it was sent. */
  readonly requestedPlanCode?: string;
  readonly periodKind: PeriodKind;
  readonly periodStart: EpochMilliseconds;
  readonly periodEnd: EpochMilliseconds;
}

/** True when the event took its counter past the limit, which only SOFT admits. */
export function isOverLimit(event: UsageEvent): boolean {
  return event.limit !== null && event.usageAfter > event.limit;
}

/** True for the one event with which the counter went past the limit. */
export function crossesLimit(event: UsageEvent): boolean {
  return isOverLimit(event) && event.limit !== null && event.usageAfter - event.amount <= event.limit;
}
