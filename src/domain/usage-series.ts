import type { SeriesWindow } from "./series-window.ts";
import type { UsageRecord } from "./usage-record.ts";

/** The usage of one tenant and metric in one window. */
export interface UsageSeriesPoint extends SeriesWindow {
  /** The sum of the amounts of the window's events. */
  readonly amount: bigint;
  readonly eventCount: bigint;
  /** What the window's last event says; absent without events. */
  readonly lastEvent?: WindowLastEvent;
}

export interface WindowLastEvent {
  readonly usageAfter: bigint;
  /** `null` is unlimited. */
  readonly limit: bigint | null;
}

/** How far a counter had come at an instant. */
export interface CounterMark {
  readonly sequence: bigint;
  readonly usageAfter: bigint;
}

/** A counter with events on both sides of an instant, so that its state there must be read from its events. */
export interface CounterCrossing {
  readonly record: UsageRecord;
  /** The window that begins at the instant, or the number of windows for the end of the last. */
  readonly boundary: number;
}

/** The instants at which the windows begin, and that at which the last one ends. */
export function seriesBoundaries(windows: readonly SeriesWindow[]): number[] {
  const end = windows.at(-1)?.end;
  return end === undefined ? [] : [...windows.map(({ start }) => start), end];
}

/**
 * Where counters must be looked into. Counters of one kind do not overlap, so there are at most as many of these as there are
 * boundaries and kinds; how many events lie between does not matter.
 */
export function counterCrossings(
  windows: readonly SeriesWindow[],
  records: readonly UsageRecord[],
): readonly CounterCrossing[] {
  const boundaries = seriesBoundaries(windows);
  return records.flatMap((record) =>
    indexesBetween(boundaries, record.createdAt + 1, record.lastEventAt).map((boundary) => ({ record, boundary })),
  );
}

/**
 * The series from counters and marks alone: what a window adds to a counter is the counter at the window's end less the one
 * at its start, so that no event needs to be summed.
 *
 * @param records every counter with events in the windows
 * @param marks for each of `counterCrossings`, in their order: the counter's last event before the boundary
 * @param lastEvents for each window its last event, when it has one
 */
export function usageSeries(
  windows: readonly SeriesWindow[],
  records: readonly UsageRecord[],
  marks: readonly CounterMark[],
  lastEvents: readonly (WindowLastEvent | undefined)[],
): UsageSeriesPoint[] {
  const boundaries = seriesBoundaries(windows);
  const sums = windows.map(() => ({ amount: 0n, eventCount: 0n }));
  const crossed = marksByRecord(counterCrossings(windows, records), marks);
  for (const record of records) {
    const markAt = (boundary: number) => crossed.get(record)?.get(boundary) ?? edgeMark(record, boundaries[boundary]);
    // The window that holds the first event, which may lie before all windows, to that of the last.
    const first = Math.max(0, windowAt(boundaries, record.createdAt));
    const last = Math.min(windows.length - 1, windowAt(boundaries, record.lastEventAt));
    for (let index = first; index <= last; index += 1) {
      const sum = sums[index];
      if (sum === undefined) continue;
      const [before, after] = [markAt(index), markAt(index + 1)];
      sum.amount += after.usageAfter - before.usageAfter;
      sum.eventCount += after.sequence - before.sequence;
    }
  }
  return windows.map((window, index) => {
    const lastEvent = lastEvents[index];
    return {
      ...window,
      ...(sums[index] ?? { amount: 0n, eventCount: 0n }),
      ...(lastEvent === undefined ? {} : { lastEvent }),
    };
  });
}

function marksByRecord(
  crossings: readonly CounterCrossing[],
  marks: readonly CounterMark[],
): Map<UsageRecord, Map<number, CounterMark>> {
  const byRecord = new Map<UsageRecord, Map<number, CounterMark>>();
  for (const [index, { record, boundary }] of crossings.entries()) {
    const mark = marks[index];
    if (mark === undefined) throw new Error("a counter was not looked into where a window cuts it");
    const ofRecord = byRecord.get(record) ?? new Map<number, CounterMark>();
    byRecord.set(record, ofRecord.set(boundary, mark));
  }
  return byRecord;
}

/** The counter before all of its events, or after them. */
function edgeMark(record: UsageRecord, boundary: number | undefined): CounterMark {
  return boundary === undefined || boundary <= record.createdAt
    ? { sequence: 0n, usageAfter: 0n }
    : { sequence: record.lastSequence, usageAfter: record.currentUsage };
}

/** The window that contains the instant: -1 before all, their number after all. */
function windowAt(boundaries: readonly number[], instant: number): number {
  return countAtMost(boundaries, instant) - 1;
}

/** The indexes of the boundaries within `[low, high]`. */
function indexesBetween(boundaries: readonly number[], low: number, high: number): number[] {
  const first = countAtMost(boundaries, low - 1);
  const count = Math.max(0, countAtMost(boundaries, high) - first);
  return Array.from({ length: count }, (_, index) => first + index);
}

/** How many of the rising numbers are at most this one. */
function countAtMost(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? Number.POSITIVE_INFINITY) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
