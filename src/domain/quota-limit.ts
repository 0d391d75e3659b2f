import type { LimitEnforcement } from "./limit-enforcement.ts";
import type { PeriodKind } from "./period-kind.ts";

/** What one plan allows of one metric. */
export interface QuotaLimit {
  readonly metricCode: string;
  /** Units per period, 0 … 2^53 - 1; `null` is unlimited. */
  readonly limit: bigint | null;
  readonly enforcement: LimitEnforcement;
  readonly periodKind: PeriodKind;
}

export function sameQuotaLimit(a: QuotaLimit, b: QuotaLimit): boolean {
  return (
    a.metricCode === b.metricCode &&
    a.limit === b.limit &&
    a.enforcement === b.enforcement &&
    a.periodKind === b.periodKind
  );
}
