import type { EpochMilliseconds } from "./instant.ts";
import { lifetimeEndMs } from "./period.ts";
import { type PeriodLookup, periodAt } from "./period-calendar.ts";
import type { PeriodKind } from "./period-kind.ts";

/** The kinds of window that a series is cut into. */
export type SeriesWindowKind = Extract<PeriodKind, "HOUR" | "DAY" | "WEEK" | "MONTH">;

/** Half-open, `[start, end)`. */
export interface SeriesWindow {
  readonly start: EpochMilliseconds;
  readonly end: EpochMilliseconds;
}

export interface SeriesRange {
  readonly kind: SeriesWindowKind;
  /** An IANA name as `parseTimeZone` returns it. */
  readonly timeZone: string;
  /** The first window contains it. */
  readonly from: EpochMilliseconds;
  /** Exclusive: the last window starts before it. */
  readonly before: EpochMilliseconds;
}

/**
 * The windows of the range, in order and without gaps. They are cut where periods of the kind would be, so that days may have
 * 23 or 25 hours, and a day that does not exist is none. The last one that there is ends with the last instant that has a form
 * on the wire, since its own end, the year 10000, has none.
 *
 * @returns undefined when there are more than `countMax`
 */
export function seriesWindows(
  range: SeriesRange,
  countMax: number,
  lookUp: PeriodLookup = periodAt,
): SeriesWindow[] | undefined {
  const { kind, timeZone, from, before } = range;
  const windows: SeriesWindow[] = [];
  for (let at = from; at < before; ) {
    if (windows.length >= countMax) return undefined;
    const { start, end } = lookUp(kind, at, { timeZone });
    windows.push({ start, end: Math.min(end, lifetimeEndMs) });
    at = end;
  }
  return windows;
}
