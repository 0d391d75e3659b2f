import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { UsageSeriesPoint } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { SeriesWindow } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { PeriodKind } from "../../../../gen/quota/v1/usage_pb.ts";

/** How a tenant stands now with the metric of the chart. */
export interface PresentUsage {
  readonly current: bigint;
  /** Undefined means unlimited. */
  readonly limit?: bigint | undefined;
}

/** What a chart of one counter draws. Counters are at most 2^53 - 1, so numbers hold them exactly. */
export interface UsageCurve {
  /** In seconds since 1970, never falling. */
  readonly seconds: readonly number[];
  /** The counter at each instant; null where nothing is known. */
  readonly usage: readonly (number | null)[];
  /** The limit at each instant; null where there is none. */
  readonly limit: readonly (number | null)[];
  /** What the window that the instant stands for added. */
  readonly added: readonly number[];
}

/** Between which instants a chart runs, and how it is cut. */
export interface ChartSpan {
  readonly from: Date;
  readonly until: Date;
  readonly window: SeriesWindow;
  /** True when one counter runs through the whole span, so that its value holds until the next event. */
  readonly isOnePeriod: boolean;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How much of a counter without a beginning is shown. */
const lifetimeShownMs = 365 * dayMs;
/** Hours are too short for a curve of their own: so many of them are shown side by side. */
const hoursShown = 48;

/**
 * What to show for a counter of that kind: its whole period, in windows of hours up to a month that does not begin at a
 * midnight, else of days. At most 1,000 windows, as the contract allows.
 *
 * @param isAnchored whether periods are counted from an instant, not by the calendar
 */
export function chartSpanOf(
  kind: PeriodKind,
  start: Date | undefined,
  end: Date | undefined,
  now: Date,
  isAnchored: boolean,
): ChartSpan {
  if (kind === PeriodKind.HOUR) {
    const until = end ?? now;
    return {
      from: new Date(until.getTime() - hoursShown * hourMs),
      until,
      window: SeriesWindow.HOUR,
      isOnePeriod: false,
    };
  }
  if (start === undefined || end === undefined) {
    const from = new Date(Math.floor((now.getTime() - lifetimeShownMs) / dayMs) * dayMs);
    return { from, until: now, window: SeriesWindow.DAY, isOnePeriod: true };
  }
  const isShort = kind === PeriodKind.DAY || kind === PeriodKind.WEEK || (kind === PeriodKind.MONTH && isAnchored);
  return { from: start, until: end, window: isShort ? SeriesWindow.HOUR : SeriesWindow.DAY, isOnePeriod: true };
}

/**
 * Makes a curve of the windows. Within one period the counter keeps its value until the next event, and a window's value stands
 * at the window's end, which is when it is known to have been reached. Elsewhere each window has a counter of its own, which is 0
 * without events and stands at the window's start.
 *
 * @param present how the tenant stands now, where the span reaches now
 */
export function usageCurveOf(
  points: readonly UsageSeriesPoint[],
  span: ChartSpan,
  now: Date,
  present: PresentUsage | undefined,
): UsageCurve {
  const begun = points.filter(({ windowStart }) => msOf(windowStart) < now.getTime());
  return span.isOnePeriod ? runningCurve(begun, span, now, present) : separateCurve(begun, present);
}

function runningCurve(
  points: readonly UsageSeriesPoint[],
  span: ChartSpan,
  now: Date,
  present: PresentUsage | undefined,
): UsageCurve {
  const first = points.find((point) => point.usageAfter !== undefined);
  let counter = counterBefore(first, present);
  let limit = numberOf(first === undefined ? present?.limit : first.limit);
  const samples: Sample[] = [{ ms: span.from.getTime(), usage: counter, limit, added: 0 }];
  for (const point of points) {
    if (point.usageAfter !== undefined) {
      counter = Number(point.usageAfter);
      limit = numberOf(point.limit);
    }
    const ms = Math.min(msOf(point.windowEnd), span.until.getTime(), now.getTime());
    samples.push({ ms, usage: counter, limit, added: Number(point.amount) });
  }
  const last = samples.at(-1);
  if (present !== undefined && last !== undefined) {
    samples[samples.length - 1] = { ...last, usage: Number(present.current), limit: numberOf(present.limit) };
  }
  return curveOf(samples);
}

function separateCurve(points: readonly UsageSeriesPoint[], present: PresentUsage | undefined): UsageCurve {
  let limit = numberOf((points.find((point) => point.usageAfter !== undefined) ?? present)?.limit);
  return curveOf(
    points.map((point) => {
      if (point.usageAfter !== undefined) limit = numberOf(point.limit);
      return { ms: msOf(point.windowStart), usage: Number(point.usageAfter ?? 0n), limit, added: Number(point.amount) };
    }),
  );
}

/** What the counter held before the first event that the windows know of. */
function counterBefore(first: UsageSeriesPoint | undefined, present: PresentUsage | undefined): number | null {
  if (first?.usageAfter !== undefined) return Math.max(Number(first.usageAfter - first.amount), 0);
  return numberOf(present?.current);
}

interface Sample {
  readonly ms: number;
  readonly usage: number | null;
  readonly limit: number | null;
  readonly added: number;
}

function curveOf(samples: readonly Sample[]): UsageCurve {
  return {
    seconds: samples.map(({ ms }) => ms / 1_000),
    usage: samples.map(({ usage }) => usage),
    limit: samples.map(({ limit }) => limit),
    added: samples.map(({ added }) => added),
  };
}

function numberOf(value: bigint | undefined): number | null {
  return value === undefined ? null : Number(value);
}

function msOf(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : timestampMs(timestamp);
}
