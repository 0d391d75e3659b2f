import { contains, type Period } from "./period.ts";
import { type PeriodLookup, periodAt } from "./period-calendar.ts";
import type { PeriodKind } from "./period-kind.ts";
import type { PeriodSchedule } from "./period-schedule.ts";

/** How many schedules a cache remembers unless told otherwise: about 2 MiB, and the anchors of that many tenants. */
export const periodCacheEntriesMax = 10_000;

/**
 * Remembers the last period of each kind and schedule, because nearly every request falls into the same period as the
 * one before it.
 *
 * It cannot answer wrongly: a remembered period answers only for the instants it contains, and time-zone data does not
 * change while the process runs. When full it starts afresh, which costs each busy schedule one computation; dropping
 * only the oldest entry of a Map would make every miss step over the holes that earlier drops left.
 */
export class PeriodCache {
  readonly #entriesMax: number;
  readonly #periods = new Map<string, Period>();

  constructor(entriesMax: number = periodCacheEntriesMax) {
    this.#entriesMax = entriesMax;
  }

  /** Entries held now, at most `entriesMax`. */
  get size(): number {
    return this.#periods.size;
  }

  /** As `periodAt`. */
  readonly periodAt: PeriodLookup = (kind, instant, schedule) => {
    const key = keyOf(kind, schedule);
    const remembered = this.#periods.get(key);
    if (remembered !== undefined && contains(remembered, instant)) return remembered;
    const period = periodAt(kind, instant, schedule);
    if (remembered === undefined && this.#periods.size >= this.#entriesMax) this.#periods.clear();
    this.#periods.set(key, period);
    return period;
  };
}

function keyOf(kind: PeriodKind, { timeZone, anchor }: PeriodSchedule): string {
  return `${kind} ${timeZone} ${anchor ?? "calendar"}`;
}
