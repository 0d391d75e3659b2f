import type { CounterKey } from "../../domain/counter-key.ts";
import type { SeriesWindow } from "../../domain/series-window.ts";
import type { UsageSeriesPoint } from "../../domain/usage-series.ts";
import type { UsageSnapshot } from "../usage-repository.ts";

export interface UsageSeriesReading {
  /** One for each window. */
  readonly points: readonly UsageSeriesPoint[];
  /** Limits and counters of the same tenant and metric, in the same snapshot. */
  readonly snapshot: UsageSnapshot;
}

/** What one tenant used of one metric over time. */
export interface UsageSeriesRepository {
  /** @param windows in order and without gaps, at most 1,000 */
  readSeries(key: CounterKey, windows: readonly SeriesWindow[]): Promise<UsageSeriesReading>;
}
