import { compareText } from "../../../domain/compare-text.ts";
import type { UsageEvent } from "../../../domain/usage-event.ts";
import type { EventPosition, TenantsEventFilter, TenantsEventListing } from "../../admin/tenants-event-listing.ts";
import type { InMemoryStorage } from "../in-memory-storage.ts";
import { matchesEvent } from "../in-memory-usage-event-repository.ts";

export class InMemoryTenantsEventListing implements TenantsEventListing {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  async list(
    filter: TenantsEventFilter,
    after: EventPosition | undefined,
    limit: number,
  ): Promise<readonly UsageEvent[]> {
    const direction = filter.order === "OLDEST_FIRST" ? 1 : -1;
    const compare = (a: EventPosition, b: EventPosition) =>
      direction * (compareText(a.id, b.id) || compareText(a.tenantId, b.tenantId));
    return [...this.#storage.tables.events.values()]
      .filter((event) => filter.tenantId === undefined || event.tenantId === filter.tenantId)
      .filter((event) => matchesEvent(filter, event) && (after === undefined || compare(event, after) > 0))
      .sort(compare)
      .slice(0, limit);
  }
}
