import { compareText } from "../../../domain/compare-text.ts";
import { effectiveLimit } from "../../../domain/effective-limit.ts";
import { QuotaServiceError } from "../../../domain/errors/quota-service-error.ts";
import { statusOf } from "../../../domain/quota-status.ts";
import { percentUsed, shareUsed, type TenantUsage } from "../../../domain/tenant-usage.ts";
import { isOpenAt } from "../../../domain/usage-record.ts";
import type { NearLimitFilter, NearLimitListing, NearLimitPosition } from "../../admin/near-limit-listing.ts";
import type { InMemoryStorage } from "../in-memory-storage.ts";
import type { CounterRecords } from "../in-memory-tables.ts";
import { readLimitBasis } from "../limit-basis-query.ts";

export class InMemoryNearLimitListing implements NearLimitListing {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  async list(
    filter: NearLimitFilter,
    after: NearLimitPosition | undefined,
    limit: number,
  ): Promise<readonly TenantUsage[]> {
    return [...this.#storage.tables.counters.values()]
      .filter(({ metricCode }) => filter.metricCode === undefined || metricCode === filter.metricCode)
      .map((counter) => this.#usageOf(counter))
      .filter((usage) => usage !== undefined)
      .filter((usage) => percentUsed(usage.status) >= filter.minPercentUsed)
      .filter((usage) => after === undefined || compare(positionOf(usage), after) > 0)
      .sort((a, b) => compare(positionOf(a), positionOf(b)))
      .slice(0, limit);
  }

  /** Undefined when the counter is not open, has no limit, or counts what no plan of its tenant has. */
  #usageOf(counter: CounterRecords): TenantUsage | undefined {
    const { tenantId, metricCode, records } = counter;
    const now = records.reduce((latest, { lastEventAt }) => Math.max(latest, lastEventAt), this.#storage.now());
    try {
      const key = { tenantId, metricCode };
      const basis = readLimitBasis(this.#storage.tables, {
        tenantIds: [tenantId],
        planCodes: [],
        counters: [key],
        wholeTenantIds: [],
      });
      const effective = effectiveLimit(basis, key, now);
      const { limit } = effective;
      const record = records.find(
        (candidate) => candidate.periodKind === effective.periodKind && isOpenAt(candidate, now),
      );
      if (limit === null || record === undefined) return undefined;
      const period = { start: record.periodStart, end: record.periodEnd };
      return { tenantId, status: { ...statusOf(effective, record.currentUsage, period), limit } };
    } catch (error) {
      if (error instanceof QuotaServiceError) return undefined;
      throw error;
    }
  }
}

function positionOf({ tenantId, status }: TenantUsage): NearLimitPosition {
  return { share: shareUsed(status), tenantId, metricCode: status.metricCode };
}

function compare(a: NearLimitPosition, b: NearLimitPosition): number {
  return b.share - a.share || compareText(a.tenantId, b.tenantId) || compareText(a.metricCode, b.metricCode);
}
