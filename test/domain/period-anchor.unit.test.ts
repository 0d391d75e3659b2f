import { describe, expect, test } from "vitest";
import { periodAt } from "../../src/domain/period-calendar.ts";
import type { PeriodKind } from "../../src/domain/period-kind.ts";

/** The starts of `count` consecutive periods from the one that contains `from`, as UTC times to the minute. */
function starts(
  kind: PeriodKind,
  schedule: { timeZone: string; anchor: string },
  from: string,
  count: number,
): string[] {
  const { timeZone } = schedule;
  const anchor = Date.parse(schedule.anchor);
  const found: string[] = [];
  let instant = Date.parse(from);
  for (let step = 0; step < count; step += 1) {
    const period = periodAt(kind, instant, { timeZone, anchor });
    found.push(minute(period.start));
    instant = period.end;
  }
  return found;
}

function minute(instant: number): string {
  return new Date(instant).toISOString().replace(":00.000Z", "Z");
}

// One clock under two names: the first is counted by plain arithmetic, the second through Temporal.
describe.each(["UTC", "Etc/UTC"])("months and years anchored in %s", (timeZone) => {
  test("on the 31st fall on the last day of shorter months and come back to the 31st", () => {
    const schedule = { timeZone, anchor: "2026-01-31T10:00Z" };
    expect(starts("MONTH", schedule, "2026-02-15T00:00Z", 6)).toEqual([
      "2026-01-31T10:00Z",
      "2026-02-28T10:00Z",
      "2026-03-31T10:00Z",
      "2026-04-30T10:00Z",
      "2026-05-31T10:00Z",
      "2026-06-30T10:00Z",
    ]);
  });

  test.each([
    ["29th", "2026-01-29T10:00Z", ["2026-01-29T10:00Z", "2026-02-28T10:00Z", "2026-03-29T10:00Z"]],
    ["30th", "2026-01-30T10:00Z", ["2026-01-30T10:00Z", "2026-02-28T10:00Z", "2026-03-30T10:00Z"]],
  ])("on the %s shorten only February in a common year", (_, anchor, expected) => {
    expect(starts("MONTH", { timeZone, anchor }, "2026-02-15T00:00Z", 3)).toEqual(expected);
  });

  test.each(["2026-01-29T10:00Z", "2026-01-30T10:00Z", "2026-01-31T10:00Z"])(
    "on %s reach 29 February in a leap year",
    (anchor) => {
      expect(starts("MONTH", { timeZone, anchor }, "2028-03-01T00:00Z", 1)).toEqual(["2028-02-29T10:00Z"]);
    },
  );

  test("are counted backwards from the anchor in the same way", () => {
    const schedule = { timeZone, anchor: "2026-03-31T10:00Z" };
    expect(starts("MONTH", schedule, "2025-12-31T10:00Z", 4)).toEqual([
      "2025-12-31T10:00Z",
      "2026-01-31T10:00Z",
      "2026-02-28T10:00Z",
      "2026-03-31T10:00Z",
    ]);
  });

  test("on 29 February fall on the 28th in common years", () => {
    const schedule = { timeZone, anchor: "2024-02-29T10:00Z" };
    expect(starts("YEAR", schedule, "2023-06-01T00:00Z", 6)).toEqual([
      "2023-02-28T10:00Z",
      "2024-02-29T10:00Z",
      "2025-02-28T10:00Z",
      "2026-02-28T10:00Z",
      "2027-02-28T10:00Z",
      "2028-02-29T10:00Z",
    ]);
  });

  test("change to the next period exactly at the boundary", () => {
    const schedule = { timeZone, anchor: "2026-01-31T10:00Z" };
    expect(starts("MONTH", schedule, "2026-02-28T09:59:59.999Z", 1)).toEqual(["2026-01-31T10:00Z"]);
    expect(starts("MONTH", schedule, "2026-02-28T10:00Z", 1)).toEqual(["2026-02-28T10:00Z"]);
  });

  test("work from an anchor centuries away", () => {
    expect(starts("MONTH", { timeZone, anchor: "0001-01-31T10:00Z" }, "2026-03-01T00:00Z", 1)).toEqual([
      "2026-02-28T10:00Z",
    ]);
    expect(starts("DAY", { timeZone, anchor: "0050-01-31T10:00Z" }, "2026-03-01T00:00Z", 1)).toEqual([
      "2026-02-28T10:00Z",
    ]);
    expect(starts("YEAR", { timeZone, anchor: "9999-12-31T10:00Z" }, "2026-03-01T00:00Z", 1)).toEqual([
      "2025-12-31T10:00Z",
    ]);
  });

  test("work in the years of two digits, which Date.UTC would move to the twentieth century", () => {
    const schedule = { timeZone, anchor: "0001-01-31T10:00Z" };
    expect(starts("MONTH", schedule, "0000-02-29T12:00Z", 2)).toEqual(["0000-02-29T10:00Z", "0000-03-31T10:00Z"]);
  });

  test("take the anchor 1970-01-01T00:00Z for an anchor and not for none", () => {
    const schedule = { timeZone, anchor: "1970-01-01T00:00Z" }; // a Thursday
    expect(starts("WEEK", schedule, "2026-07-15T12:00Z", 1)).toEqual(["2026-07-09T00:00Z"]);
  });
});

describe("anchored days", () => {
  test("keep their local time across both changes of the clock", () => {
    const schedule = { timeZone: "Europe/Berlin", anchor: "2026-01-10T08:00Z" }; // 09:00 local
    expect(starts("DAY", schedule, "2026-03-28T12:00Z", 2)).toEqual(["2026-03-28T08:00Z", "2026-03-29T07:00Z"]);
    expect(starts("DAY", schedule, "2026-10-24T12:00Z", 2)).toEqual(["2026-10-24T07:00Z", "2026-10-25T08:00Z"]);
  });

  test("shift by half an hour with Lord Howe", () => {
    const schedule = { timeZone: "Australia/Lord_Howe", anchor: "2026-01-10T01:00Z" }; // 12:00 local
    expect(starts("DAY", schedule, "2026-04-04T12:00Z", 2)).toEqual(["2026-04-04T01:00Z", "2026-04-05T01:30Z"]);
    expect(starts("DAY", schedule, "2026-10-03T12:00Z", 2)).toEqual(["2026-10-03T01:30Z", "2026-10-04T01:00Z"]);
  });

  test("begin later by the gap on the day that skips their local time", () => {
    const schedule = { timeZone: "Europe/Berlin", anchor: "2026-03-27T01:30Z" }; // 02:30 local
    expect(starts("DAY", schedule, "2026-03-28T12:00Z", 3)).toEqual([
      "2026-03-28T01:30Z",
      "2026-03-29T01:30Z", // 03:30 local
      "2026-03-30T00:30Z",
    ]);
  });

  test("begin at the first of two equal local times", () => {
    const schedule = { timeZone: "Europe/Berlin", anchor: "2026-10-20T00:30Z" }; // 02:30 local
    expect(starts("DAY", schedule, "2026-10-24T12:00Z", 3)).toEqual([
      "2026-10-24T00:30Z",
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ]);
  });

  test("begin at the anchor itself even if it is the second of two equal local times", () => {
    const schedule = { timeZone: "Europe/Berlin", anchor: "2026-10-25T01:30Z" }; // the second 02:30
    expect(starts("DAY", schedule, "2026-10-24T12:00Z", 3)).toEqual([
      "2026-10-24T00:30Z",
      "2026-10-25T01:30Z",
      "2026-10-26T01:30Z",
    ]);
  });

  test("have no empty one where a local day is missing", () => {
    const schedule = { timeZone: "Pacific/Apia", anchor: "2011-12-29T01:00Z" }; // the 28th, 15:00 local
    expect(starts("DAY", schedule, "2011-12-29T01:00Z", 4)).toEqual([
      "2011-12-29T01:00Z",
      "2011-12-30T01:00Z", // the 29th
      "2011-12-31T01:00Z", // the 30th, which is the 31st
      "2012-01-01T01:00Z",
    ]);
  });
});

test("anchored months whose day is missing begin a day later and are back on their day the next month", () => {
  const schedule = { timeZone: "Pacific/Apia", anchor: "2011-10-31T01:00Z" }; // the 30th, 15:00 local
  expect(starts("MONTH", schedule, "2011-12-15T00:00Z", 3)).toEqual([
    "2011-12-01T01:00Z", // 30 November
    "2011-12-31T01:00Z", // 30 December, which is the 31st
    "2012-01-30T01:00Z",
  ]);
});

test("anchored months keep the local time of the anchor", () => {
  const schedule = { timeZone: "Europe/Berlin", anchor: "2026-01-31T09:00Z" }; // 10:00 local
  expect(starts("MONTH", schedule, "2026-02-15T00:00Z", 3)).toEqual([
    "2026-01-31T09:00Z",
    "2026-02-28T09:00Z",
    "2026-03-31T08:00Z",
  ]);
});

test("anchored weeks begin on the anchor's weekday and local time", () => {
  const schedule = { timeZone: "America/New_York", anchor: "2026-02-25T20:00Z" }; // a Wednesday, 15:00 local
  expect(starts("WEEK", schedule, "2026-03-01T00:00Z", 3)).toEqual([
    "2026-02-25T20:00Z",
    "2026-03-04T20:00Z",
    "2026-03-11T19:00Z",
  ]);
  expect(starts("WEEK", schedule, "2026-02-25T19:59Z", 1)).toEqual(["2026-02-18T20:00Z"]);
});

test("the anchor 1970-01-01T00:00Z keeps its local time in a zone that is not UTC", () => {
  const schedule = { timeZone: "Europe/Berlin", anchor: "1970-01-01T00:00Z" }; // 01:00 local
  expect(starts("MONTH", schedule, "2026-07-15T12:00Z", 1)).toEqual(["2026-06-30T23:00Z"]);
});

test("anchored hours are 60 elapsed minutes from the anchor, to the millisecond, on both sides of it", () => {
  const anchor = Date.parse("2026-03-29T00:17:23.123Z");
  const schedule = { timeZone: "Europe/Berlin", anchor };
  const hourMs = 3_600_000;
  expect(periodAt("HOUR", anchor, schedule)).toEqual({ kind: "HOUR", start: anchor, end: anchor + hourMs });
  expect(periodAt("HOUR", anchor - 1, schedule)).toEqual({ kind: "HOUR", start: anchor - hourMs, end: anchor });
  expect(periodAt("HOUR", anchor + hourMs, schedule).start).toBe(anchor + hourMs);
});
