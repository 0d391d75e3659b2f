import type { TenantUsage } from "../../domain/tenant-usage.ts";

export interface NearLimitFilter {
  readonly metricCode?: string;
  /** In percent of the limit, inclusive; 0 … 1,000. */
  readonly minPercentUsed: number;
}

export interface NearLimitPosition {
  /** As `shareUsed` says. */
  readonly share: number;
  readonly tenantId: string;
  readonly metricCode: string;
}

/**
 * Counters that are open and have a limit, under their tenants' own plans and overrides, by the storage's clock and never
 * before a counter's last event (R3, R9). The highest share first, and then by tenant id and metric code.
 */
export interface NearLimitListing {
  /** Up to `limit` of them that follow the position, in one snapshot. */
  list(filter: NearLimitFilter, after: NearLimitPosition | undefined, limit: number): Promise<readonly TenantUsage[]>;
}
