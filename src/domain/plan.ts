import { compareText } from "./compare-text.ts";
import type { EpochMilliseconds } from "./instant.ts";
import { type QuotaLimit, sameQuotaLimit } from "./quota-limit.ts";

/** What an operator decides about a plan. */
export interface PlanDefinition {
  readonly code: string;
  readonly displayName: string;
  /** At most one limit a metric, sorted by metric code. */
  readonly limits: readonly QuotaLimit[];
  /** The plan of tenants without a subscription; at most one plan is. */
  readonly isDefault: boolean;
}

export interface Plan extends PlanDefinition {
  /** Rises by one with every change, from 1. */
  readonly revision: bigint;
  readonly createdAt: EpochMilliseconds;
  readonly updatedAt: EpochMilliseconds;
}

export function samePlanDefinition(a: PlanDefinition, b: PlanDefinition): boolean {
  return (
    a.code === b.code &&
    a.displayName === b.displayName &&
    a.isDefault === b.isDefault &&
    a.limits.length === b.limits.length &&
    a.limits.every((limit, index) => {
      const other = b.limits[index];
      return other !== undefined && sameQuotaLimit(limit, other);
    })
  );
}

/** The one order in which a plan's limits are kept, so that two equal plans look equal. */
export function sortLimits(limits: readonly QuotaLimit[]): QuotaLimit[] {
  return [...limits].sort((a, b) => compareText(a.metricCode, b.metricCode));
}
