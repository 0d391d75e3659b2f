import { compareText } from "../../domain/compare-text.ts";
import type { UsageEvent } from "../../domain/usage-event.ts";
import type { EventFilter, UsageEventRepository } from "../usage-event-repository.ts";
import type { InMemoryStorage } from "./in-memory-storage.ts";

export class InMemoryUsageEventRepository implements UsageEventRepository {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  async list(filter: EventFilter, afterId: string | undefined, limit: number): Promise<UsageEvent[]> {
    const direction = filter.order === "OLDEST_FIRST" ? 1 : -1;
    const follows = (id: string) => afterId === undefined || direction * compareText(id, afterId) > 0;
    return [...this.#storage.tables.events.values()]
      .filter((event) => event.tenantId === filter.tenantId && matchesEvent(filter, event) && follows(event.id))
      .sort((a, b) => direction * compareText(a.id, b.id))
      .slice(0, limit);
  }
}

/** Everything that a filter says but whose events. */
export function matchesEvent(filter: Omit<EventFilter, "tenantId">, event: UsageEvent): boolean {
  return (
    (filter.metricCode === undefined || event.metricCode === filter.metricCode) &&
    (filter.createdFrom === undefined || event.createdAt >= filter.createdFrom) &&
    (filter.createdBefore === undefined || event.createdAt < filter.createdBefore)
  );
}
