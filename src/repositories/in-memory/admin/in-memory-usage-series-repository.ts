import type { CounterKey } from "../../../domain/counter-key.ts";
import type { SeriesWindow } from "../../../domain/series-window.ts";
import type { UsageEvent } from "../../../domain/usage-event.ts";
import type { UsageSeriesPoint } from "../../../domain/usage-series.ts";
import type { UsageSeriesReading, UsageSeriesRepository } from "../../admin/usage-series-repository.ts";
import type { InMemoryStorage } from "../in-memory-storage.ts";
import { InMemoryUsageRepository } from "../in-memory-usage-repository.ts";

/** Sums the events, which the PostgreSQL implementation does not: the suite that both pass compares the two ways. */
export class InMemoryUsageSeriesRepository implements UsageSeriesRepository {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  async readSeries(key: CounterKey, windows: readonly SeriesWindow[]): Promise<UsageSeriesReading> {
    const { tenantId, metricCode } = key;
    const events = [...this.#storage.tables.events.values()]
      .filter((event) => event.tenantId === tenantId && event.metricCode === metricCode)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    const snapshot = await new InMemoryUsageRepository(this.#storage).readSnapshot([{ tenantId, metricCode }]);
    return { points: windows.map((window) => pointOf(window, events)), snapshot };
  }
}

function pointOf(window: SeriesWindow, events: readonly UsageEvent[]): UsageSeriesPoint {
  const own = events.filter(({ createdAt }) => window.start <= createdAt && createdAt < window.end);
  const last = own.at(-1);
  return {
    ...window,
    amount: own.reduce((sum, { amount }) => sum + amount, 0n),
    eventCount: BigInt(own.length),
    ...(last === undefined ? {} : { lastEvent: { usageAfter: last.usageAfter, limit: last.limit } }),
  };
}
