import type { EpochMilliseconds } from "../../domain/instant.ts";
import type { UsageRecord } from "../../domain/usage-record.ts";

export type UsageRecordOrder =
  | "NEWEST_FIRST"
  | "OLDEST_FIRST"
  | "PERIOD_END_LATEST_FIRST"
  | "PERIOD_END_EARLIEST_FIRST"
  | "USAGE_HIGHEST_FIRST"
  | "USAGE_LOWEST_FIRST";

/** Lower bounds are inclusive, upper ones exclusive. All that are given must hold. */
export interface UsageRecordFilter {
  readonly tenantId?: string;
  readonly metricCode?: string;
  readonly periodEndFrom?: EpochMilliseconds;
  readonly periodEndBefore?: EpochMilliseconds;
  readonly createdFrom?: EpochMilliseconds;
  readonly createdBefore?: EpochMilliseconds;
  readonly order: UsageRecordOrder;
}

/** A place in an order. */
export interface UsageRecordPosition {
  /** What the order sorts by: an instant in milliseconds, or usage. */
  readonly sortedBy: bigint;
  readonly tenantId: string;
  readonly id: string;
}

export function positionOfRecord(record: UsageRecord, order: UsageRecordOrder): UsageRecordPosition {
  const { tenantId, id } = record;
  switch (order) {
    case "NEWEST_FIRST":
    case "OLDEST_FIRST":
      return { sortedBy: BigInt(record.createdAt), tenantId, id };
    case "PERIOD_END_LATEST_FIRST":
    case "PERIOD_END_EARLIEST_FIRST":
      return { sortedBy: BigInt(record.periodEnd), tenantId, id };
    case "USAGE_HIGHEST_FIRST":
    case "USAGE_LOWEST_FIRST":
      return { sortedBy: record.currentUsage, tenantId, id };
  }
}

/** Whether the order runs from high to low; what is equal is sorted by tenant id and record id, rising, either way. */
export function isFalling(order: UsageRecordOrder): boolean {
  return order === "NEWEST_FIRST" || order === "PERIOD_END_LATEST_FIRST" || order === "USAGE_HIGHEST_FIRST";
}

/** Counters of all tenants. */
export interface UsageRecordListing {
  /** Up to `limit` records that follow the position in the filter's order, in one snapshot. */
  list(
    filter: UsageRecordFilter,
    after: UsageRecordPosition | undefined,
    limit: number,
  ): Promise<readonly UsageRecord[]>;
}
