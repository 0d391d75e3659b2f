import { compareText } from "../../../domain/compare-text.ts";
import type { UsageRecord } from "../../../domain/usage-record.ts";
import {
  isFalling,
  positionOfRecord,
  type UsageRecordFilter,
  type UsageRecordListing,
  type UsageRecordPosition,
} from "../../admin/usage-record-listing.ts";
import type { InMemoryStorage } from "../in-memory-storage.ts";

export class InMemoryUsageRecordListing implements UsageRecordListing {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  async list(
    filter: UsageRecordFilter,
    after: UsageRecordPosition | undefined,
    limit: number,
  ): Promise<readonly UsageRecord[]> {
    const compare = comparisonOf(filter);
    return [...this.#storage.tables.counters.values()]
      .flatMap(({ records }) => records)
      .filter((record) => matches(filter, record))
      .map((record) => ({ record, position: positionOfRecord(record, filter.order) }))
      .filter(({ position }) => after === undefined || compare(position, after) > 0)
      .sort((a, b) => compare(a.position, b.position))
      .slice(0, limit)
      .map(({ record }) => record);
  }
}

function comparisonOf({ order }: UsageRecordFilter): (a: UsageRecordPosition, b: UsageRecordPosition) => number {
  const direction = isFalling(order) ? -1 : 1;
  return (a, b) =>
    direction * (a.sortedBy < b.sortedBy ? -1 : a.sortedBy > b.sortedBy ? 1 : 0) ||
    compareText(a.tenantId, b.tenantId) ||
    compareText(a.id, b.id);
}

function matches(filter: UsageRecordFilter, record: UsageRecord): boolean {
  return (
    (filter.tenantId === undefined || record.tenantId === filter.tenantId) &&
    (filter.metricCode === undefined || record.metricCode === filter.metricCode) &&
    (filter.periodEndFrom === undefined || record.periodEnd >= filter.periodEndFrom) &&
    (filter.periodEndBefore === undefined || record.periodEnd < filter.periodEndBefore) &&
    (filter.createdFrom === undefined || record.createdAt >= filter.createdFrom) &&
    (filter.createdBefore === undefined || record.createdAt < filter.createdBefore)
  );
}
