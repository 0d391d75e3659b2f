import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { SeriesWindow, UsageSeriesPointSchema } from "../../../gen/quota/v1/admin_service_pb.ts";
import { PeriodKind } from "../../../gen/quota/v1/usage_pb.ts";
import { type ChartSpan, chartSpanOf, usageCurveOf } from "../src/chart/usage-curve.ts";

const start = new Date("2026-11-01T00:00:00Z");
const end = new Date("2026-12-01T00:00:00Z");
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const span: ChartSpan = { from: start, until: end, window: SeriesWindow.DAY, isOnePeriod: true };

/** A window of the month, by its day; without numbers, one without events. */
function point(day: number, numbers: { amount?: bigint; usageAfter?: bigint; limit?: bigint } = {}) {
  const windowStart = start.getTime() + (day - 1) * dayMs;
  return create(UsageSeriesPointSchema, {
    windowStart: timestampFromDate(new Date(windowStart)),
    windowEnd: timestampFromDate(new Date(windowStart + dayMs)),
    ...numbers,
  });
}

describe("the curve of a counter", () => {
  it("begins with what the counter held before, keeps its value without events, and ends now", () => {
    const now = new Date("2026-11-04T12:00:00Z");
    const points = [
      point(1),
      point(2, { amount: 5n, usageAfter: 5n, limit: 40n }),
      point(3),
      point(4, { amount: 2n, usageAfter: 7n, limit: 50n }),
      point(5),
    ];
    const curve = usageCurveOf(points, span, now, { current: 8n, limit: 60n });
    expect(curve.usage).toEqual([0, 0, 5, 5, 8]);
    expect(curve.limit).toEqual([40, 40, 40, 40, 60]);
    expect(curve.added).toEqual([0, 0, 5, 0, 2]);
    expect(curve.seconds.at(-1)).toBe(now.getTime() / 1_000);
  });

  it("shows a tenant that used nothing as 0 under its present limit", () => {
    const present = { current: 0n, limit: 50n };
    const curve = usageCurveOf([point(1), point(2)], span, new Date("2026-11-02T12:00:00Z"), present);
    expect(curve.usage).toEqual([0, 0, 0]);
    expect(curve.limit).toEqual([50, 50, 50]);
  });

  it("has no limit where there was none", () => {
    const curve = usageCurveOf([point(1, { amount: 1n, usageAfter: 1n })], span, end, undefined);
    expect(curve.limit).toEqual([null, null]);
  });

  it("gives each window a counter of its own where periods are shorter than the span", () => {
    const points = [
      point(1, { amount: 5n, usageAfter: 5n, limit: 9n }),
      point(2),
      point(3, { amount: 2n, usageAfter: 2n, limit: 9n }),
    ];
    expect(usageCurveOf(points, { ...span, isOnePeriod: false }, end, undefined).usage).toEqual([5, 0, 2]);
  });
});

describe("the span of a chart", () => {
  it.each([
    [PeriodKind.DAY, false, SeriesWindow.HOUR],
    [PeriodKind.WEEK, false, SeriesWindow.HOUR],
    [PeriodKind.MONTH, false, SeriesWindow.DAY],
    [PeriodKind.MONTH, true, SeriesWindow.HOUR],
    [PeriodKind.YEAR, true, SeriesWindow.DAY],
  ])("is the whole period of kind %s, anchored %s", (kind, isAnchored, window) => {
    const whole = { from: start, until: end, window, isOnePeriod: true };
    expect(chartSpanOf(kind, start, end, end, isAnchored)).toEqual(whole);
  });

  it("stays within the thousand windows of the contract, for the longest of each kind", () => {
    for (const [kind, days] of [
      [PeriodKind.HOUR, 1 / 24],
      [PeriodKind.DAY, 1],
      [PeriodKind.WEEK, 7],
      [PeriodKind.MONTH, 31],
      [PeriodKind.YEAR, 366],
    ] as const) {
      const until = new Date(start.getTime() + days * dayMs);
      const made = chartSpanOf(kind, start, until, until, true);
      const windowMs = made.window === SeriesWindow.HOUR ? hourMs : dayMs;
      // One more, for a period that does not begin with a window.
      expect((made.until.getTime() - made.from.getTime()) / windowMs + 1).toBeLessThanOrEqual(1_000);
    }
  });

  it("is the last year of a counter that never ends", () => {
    const made = chartSpanOf(PeriodKind.LIFETIME, undefined, undefined, end, false);
    expect(made.until).toEqual(end);
    expect(end.getTime() - made.from.getTime()).toBeGreaterThanOrEqual(365 * dayMs);
  });
});
