import fc from "fast-check";
import { expect, test } from "vitest";
import { contains, type Period } from "../../src/domain/period.ts";
import { openPeriod, periodAt } from "../../src/domain/period-calendar.ts";
import type { PeriodSchedule } from "../../src/domain/period-schedule.ts";

const utc: PeriodSchedule = { timeZone: "UTC" };
const tokyo: PeriodSchedule = { timeZone: "Asia/Tokyo" };

function month(start: string, end: string): Period {
  return { kind: "MONTH", start: Date.parse(start), end: Date.parse(end) };
}

test("the first record covers the whole period of the schedule", () => {
  expect(openPeriod("MONTH", Date.parse("2026-02-20T00:00Z"), utc)).toEqual(
    month("2026-02-01T00:00Z", "2026-03-01T00:00Z"),
  );
});

test("a record that ended where the period begins, or earlier, shortens nothing", () => {
  const february = month("2026-02-01T00:00Z", "2026-03-01T00:00Z");
  for (const previousEnd of ["2026-02-01T00:00Z", "2025-11-01T00:00Z"]) {
    expect(openPeriod("MONTH", Date.parse("2026-02-20T00:00Z"), utc, Date.parse(previousEnd))).toEqual(february);
  }
});

test("after a change of zone the period starts where the old record ended, even after an idle time", () => {
  // January was counted in UTC; Tokyo's February began nine hours before January's record ended.
  const januaryEnd = Date.parse("2026-02-01T00:00Z");
  const shortened = month("2026-02-01T00:00Z", "2026-02-28T15:00Z");
  expect(openPeriod("MONTH", januaryEnd, tokyo, januaryEnd)).toEqual(shortened);
  expect(openPeriod("MONTH", Date.parse("2026-02-20T00:00Z"), tokyo, januaryEnd)).toEqual(shortened);
});

test("after a change of anchor the first period runs to the next boundary of the new anchor", () => {
  const schedule = { timeZone: "UTC", anchor: Date.parse("2026-01-15T10:00Z") };
  expect(openPeriod("MONTH", Date.parse("2026-02-03T00:00Z"), schedule, Date.parse("2026-02-01T00:00Z"))).toEqual(
    month("2026-02-01T00:00Z", "2026-02-15T10:00Z"),
  );
});

test("a record that is still open is a defect of the caller", () => {
  const instant = Date.parse("2026-02-20T00:00Z");
  expect(() => openPeriod("MONTH", instant, utc, instant + 1)).toThrow(RangeError);
});

test("the period can come from another look-up, such as a cache", () => {
  const period = month("2026-02-01T00:00Z", "2026-03-01T00:00Z");
  expect(openPeriod("MONTH", period.start, utc, undefined, () => period)).toBe(period);
});

test("records opened while zone and anchor keep changing never overlap and never end late", () => {
  const instants = fc.integer({ min: 0, max: Date.parse("2100-01-01T00:00Z") });
  const schedules = fc.record({
    timeZone: fc.constantFrom("UTC", "Asia/Tokyo", "Pacific/Apia", "America/St_Johns"),
    anchor: fc.option(instants, { nil: undefined }),
  });
  const hours = fc.integer({ min: 0, max: 2_000 });
  const history = fc.array(fc.tuple(hours, schedules), { minLength: 2, maxLength: 30 });
  const kinds = fc.constantFrom("HOUR", "DAY", "WEEK", "MONTH", "YEAR");
  fc.assert(
    fc.property(kinds, instants, history, (kind, begin, steps) => {
      let instant = begin;
      let open: Period | undefined;
      for (const [pause, schedule] of steps) {
        instant += pause * 3_600_000;
        if (open !== undefined && contains(open, instant)) continue;
        const next = openPeriod(kind, instant, schedule, open?.end);
        expect(contains(next, instant)).toBe(true);
        expect(next.start).toBeGreaterThanOrEqual(open?.end ?? Number.NEGATIVE_INFINITY);
        expect(next.end).toBe(periodAt(kind, instant, schedule).end);
        open = next;
      }
    }),
  );
});
