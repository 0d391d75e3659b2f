import type { EffectiveLimit } from "./effective-limit.ts";
import type { EpochMilliseconds } from "./instant.ts";
import type { LimitEnforcement } from "./limit-enforcement.ts";
import type { LimitSource } from "./limit-source.ts";
import type { PeriodKind } from "./period-kind.ts";
import type { UsageEvent } from "./usage-event.ts";

/** One metric of one tenant at one instant. */
export interface QuotaStatus {
  readonly metricCode: string;
  readonly current: bigint;
  /** `null` is unlimited. */
  readonly limit: bigint | null;
  readonly enforcement: LimitEnforcement;
  readonly periodKind: PeriodKind;
  readonly periodStart: EpochMilliseconds;
  readonly periodEnd: EpochMilliseconds;
  readonly planCode: string;
  readonly limitSource: LimitSource;
}

/** limit - current: negative when over, `null` when unlimited. */
export function remainingOf(status: { readonly limit: bigint | null; readonly current: bigint }): bigint | null {
  return status.limit === null ? null : status.limit - status.current;
}

/** The status as it was right after an event, from what the event itself holds: what a replay answers (R13). */
export function statusAfter(event: UsageEvent): QuotaStatus {
  return {
    metricCode: event.metricCode,
    current: event.usageAfter,
    limit: event.limit,
    enforcement: event.enforcement,
    periodKind: event.periodKind,
    periodStart: event.periodStart,
    periodEnd: event.periodEnd,
    planCode: event.planCode,
    limitSource: event.limitSource,
  };
}

export function statusOf(
  effective: EffectiveLimit,
  current: bigint,
  period: { readonly start: EpochMilliseconds; readonly end: EpochMilliseconds },
): QuotaStatus {
  return {
    metricCode: effective.metricCode,
    current,
    limit: effective.limit,
    enforcement: effective.enforcement,
    periodKind: effective.periodKind,
    periodStart: period.start,
    periodEnd: period.end,
    planCode: effective.planCode,
    limitSource: effective.limitSource,
  };
}
