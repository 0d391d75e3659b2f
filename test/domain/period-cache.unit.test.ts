import fc from "fast-check";
import { expect, test } from "vitest";
import { PeriodCache } from "../../src/domain/period-cache.ts";
import { periodAt } from "../../src/domain/period-calendar.ts";
import { periodKinds } from "../../src/domain/period-kind.ts";

const noon = Date.parse("2026-07-15T12:00Z");
const berlin = { timeZone: "Europe/Berlin" };

test("a second look-up in the same period gives the remembered period itself", () => {
  const cache = new PeriodCache();
  const first = cache.periodAt("MONTH", noon, berlin);
  expect(cache.periodAt("MONTH", first.start, { ...berlin })).toBe(first);
  expect(cache.periodAt("MONTH", first.end - 1, berlin)).toBe(first);
});

test("an instant outside the remembered period is answered afresh, in both directions", () => {
  const cache = new PeriodCache();
  const july = cache.periodAt("MONTH", noon, berlin);
  expect(cache.periodAt("MONTH", july.end, berlin).start).toBe(july.end);
  expect(cache.periodAt("MONTH", july.start - 1, berlin).end).toBe(july.start);
  expect(cache.size).toBe(1);
});

test("kinds, zones and anchors are remembered apart, the anchor 0 too", () => {
  const cache = new PeriodCache();
  const lookups = [
    { kind: "MONTH", schedule: berlin },
    { kind: "DAY", schedule: berlin },
    { kind: "MONTH", schedule: { timeZone: "Asia/Tokyo" } },
    { kind: "MONTH", schedule: { ...berlin, anchor: 0 } },
    { kind: "MONTH", schedule: { ...berlin, anchor: 1 } },
  ] as const;
  for (const { kind, schedule } of [...lookups, ...lookups]) {
    expect(cache.periodAt(kind, noon, schedule)).toEqual(periodAt(kind, noon, schedule));
  }
  expect(cache.size).toBe(lookups.length);
});

test("a schedule that moves on to its next period leaves the others in a full cache alone", () => {
  const cache = new PeriodCache(2);
  const july = cache.periodAt("MONTH", noon, berlin);
  const day = cache.periodAt("DAY", noon, berlin);
  cache.periodAt("DAY", day.end, berlin);
  expect(cache.periodAt("MONTH", noon, berlin)).toBe(july);
});

test("any sequence of look-ups through a small cache is answered as without it, within its bound", () => {
  const lookup = fc.record({
    kind: fc.constantFrom(...periodKinds),
    instant: fc.integer({ min: noon - 4e9, max: noon + 4e9 }),
    timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Australia/Lord_Howe"),
    anchor: fc.constantFrom(undefined, 0, noon),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(lookup, { maxLength: 60 }), (entriesMax, lookups) => {
      const cache = new PeriodCache(entriesMax);
      for (const { kind, instant, timeZone, anchor } of lookups) {
        const schedule = { timeZone, anchor };
        expect(cache.periodAt(kind, instant, schedule)).toEqual(periodAt(kind, instant, schedule));
        expect(cache.size).toBeLessThanOrEqual(entriesMax);
      }
    }),
  );
});
