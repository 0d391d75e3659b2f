import { compareText } from "../../../domain/compare-text.ts";
import type { UsageRefusal } from "../../../domain/usage-refusal.ts";
import type { RefusalFilter, RefusalListing, RefusalPosition } from "../../admin/refusal-listing.ts";
import type { InMemoryStorage } from "../in-memory-storage.ts";

export class InMemoryRefusalListing implements RefusalListing {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  async list(
    filter: RefusalFilter,
    after: RefusalPosition | undefined,
    limit: number,
  ): Promise<readonly UsageRefusal[]> {
    return [...this.#storage.tables.refusals.values()]
      .filter((refusal) => matches(filter, refusal) && (after === undefined || compare(refusal, after) > 0))
      .sort(compare)
      .slice(0, limit);
  }
}

function compare(a: RefusalPosition, b: RefusalPosition): number {
  return b.hour - a.hour || compareText(a.tenantId, b.tenantId) || compareText(a.metricCode, b.metricCode);
}

function matches(filter: RefusalFilter, refusal: UsageRefusal): boolean {
  return (
    (filter.tenantId === undefined || refusal.tenantId === filter.tenantId) &&
    (filter.metricCode === undefined || refusal.metricCode === filter.metricCode) &&
    (filter.hourFrom === undefined || refusal.hour >= filter.hourFrom) &&
    (filter.hourBefore === undefined || refusal.hour < filter.hourBefore)
  );
}
