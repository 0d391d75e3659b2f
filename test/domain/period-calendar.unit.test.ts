import { describe, expect, test } from "vitest";
import { lifetime } from "../../src/domain/period.ts";
import { periodAt } from "../../src/domain/period-calendar.ts";
import type { PeriodKind } from "../../src/domain/period-kind.ts";

/** The period as two UTC times to the minute, so that expectations are written by hand and not by zone arithmetic. */
function shown(kind: PeriodKind, instant: string, timeZone: string): [string, string] {
  const period = periodAt(kind, Date.parse(instant), { timeZone });
  expect(period.kind).toBe(kind);
  return [minute(period.start), minute(period.end)];
}

function minute(instant: number): string {
  return new Date(instant).toISOString().replace(":00.000Z", "Z");
}

describe("a calendar day", () => {
  test.each([
    ["23 hours in Berlin in March", "Europe/Berlin", "2026-03-29T12:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"],
    ["25 hours in Berlin in October", "Europe/Berlin", "2026-10-25T12:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"],
    [
      "23 hours in New York in March",
      "America/New_York",
      "2026-03-08T12:00Z",
      "2026-03-08T05:00Z",
      "2026-03-09T04:00Z",
    ],
    [
      "25 hours in New York in November",
      "America/New_York",
      "2026-11-01T12:00Z",
      "2026-11-01T04:00Z",
      "2026-11-02T05:00Z",
    ],
    [
      "24½ hours on Lord Howe in April",
      "Australia/Lord_Howe",
      "2026-04-05T00:00Z",
      "2026-04-04T13:00Z",
      "2026-04-05T13:30Z",
    ],
    [
      "23½ hours on Lord Howe in October",
      "Australia/Lord_Howe",
      "2026-10-04T00:00Z",
      "2026-10-03T13:30Z",
      "2026-10-04T13:00Z",
    ],
    ["24 hours on a leap day", "Asia/Tokyo", "2028-02-29T00:00Z", "2028-02-28T15:00Z", "2028-02-29T15:00Z"],
  ])("lasts %s", (_, timeZone, instant, start, end) => {
    expect(shown("DAY", instant, timeZone)).toEqual([start, end]);
  });

  test("starts at one o'clock where midnight is skipped", () => {
    expect(shown("DAY", "2018-11-04T12:00Z", "America/Sao_Paulo")).toEqual(["2018-11-04T03:00Z", "2018-11-05T02:00Z"]);
    expect(shown("DAY", "2018-11-04T02:59Z", "America/Sao_Paulo")).toEqual(["2018-11-03T03:00Z", "2018-11-04T03:00Z"]);
    expect(shown("DAY", "2026-03-29T12:00Z", "Asia/Beirut")).toEqual(["2026-03-28T22:00Z", "2026-03-29T21:00Z"]);
  });

  test("starts at three o'clock where three hours are skipped", () => {
    expect(shown("DAY", "2016-10-22T00:00Z", "Antarctica/Casey")).toEqual(["2016-10-21T16:00Z", "2016-10-22T13:00Z"]);
  });

  test("starts at the first instant that exists where more than midnight is skipped", () => {
    // Toronto went from 23:30 to 00:30 in 1919. No zone has done the like since 1970, and any may do it again.
    expect(shown("DAY", "1919-03-31T12:00Z", "America/Toronto")).toEqual(["1919-03-31T04:30Z", "1919-04-01T04:00Z"]);
  });

  test("starts at the first of two midnights", () => {
    expect(shown("DAY", "2026-11-01T12:00Z", "America/Havana")).toEqual(["2026-11-01T04:00Z", "2026-11-02T05:00Z"]);
  });

  test("goes on when the clock goes back across midnight into the day before", () => {
    // Sunday begins at 02:30Z; from 02:31Z to 03:30Z the clock shows Saturday again.
    const sunday = ["2006-10-29T02:30Z", "2006-10-30T03:30Z"];
    expect(shown("DAY", "2006-10-29T02:29Z", "America/St_Johns")).toEqual(["2006-10-28T02:30Z", "2006-10-29T02:30Z"]);
    expect(shown("DAY", "2006-10-29T02:30Z", "America/St_Johns")).toEqual(sunday);
    expect(shown("DAY", "2006-10-29T03:00Z", "America/St_Johns")).toEqual(sunday);
    expect(shown("DAY", "2006-10-29T03:30Z", "America/St_Johns")).toEqual(sunday);
  });

  test("that does not exist merges into the next", () => {
    // Samoa went from the end of 29 December 2011 straight to 31 December.
    expect(shown("DAY", "2011-12-30T09:59Z", "Pacific/Apia")).toEqual(["2011-12-29T10:00Z", "2011-12-30T10:00Z"]);
    expect(shown("DAY", "2011-12-30T10:00Z", "Pacific/Apia")).toEqual(["2011-12-30T10:00Z", "2011-12-31T10:00Z"]);
  });
});

describe("a calendar week", () => {
  test("runs from Monday to Monday", () => {
    const week = ["2026-07-13T00:00Z", "2026-07-20T00:00Z"];
    expect(shown("WEEK", "2026-07-13T00:00Z", "UTC")).toEqual(week);
    expect(shown("WEEK", "2026-07-19T23:59Z", "UTC")).toEqual(week);
    expect(shown("WEEK", "2026-07-12T23:59Z", "UTC")).toEqual(["2026-07-06T00:00Z", "2026-07-13T00:00Z"]);
  });

  test("keeps its local Mondays across both changes of the clock", () => {
    expect(shown("WEEK", "2026-03-29T12:00Z", "Europe/Berlin")).toEqual(["2026-03-22T23:00Z", "2026-03-29T22:00Z"]);
    expect(shown("WEEK", "2026-10-25T12:00Z", "Europe/Berlin")).toEqual(["2026-10-18T22:00Z", "2026-10-25T23:00Z"]);
  });

  test("with a missing day is six days long", () => {
    expect(shown("WEEK", "2011-12-31T00:00Z", "Pacific/Apia")).toEqual(["2011-12-26T10:00Z", "2012-01-01T10:00Z"]);
  });

  test("may span a new year", () => {
    expect(shown("WEEK", "2026-12-31T12:00Z", "UTC")).toEqual(["2026-12-28T00:00Z", "2027-01-04T00:00Z"]);
  });
});

describe("a calendar month", () => {
  test.each([
    ["February of a common year", "UTC", "2026-02-28T23:59Z", "2026-02-01T00:00Z", "2026-03-01T00:00Z"],
    ["February of a leap year", "UTC", "2028-02-29T12:00Z", "2028-02-01T00:00Z", "2028-03-01T00:00Z"],
    ["February of 2100, which is no leap year", "UTC", "2100-02-28T12:00Z", "2100-02-01T00:00Z", "2100-03-01T00:00Z"],
    ["December", "UTC", "2026-12-31T23:59Z", "2026-12-01T00:00Z", "2027-01-01T00:00Z"],
    [
      "March with summer time in Berlin",
      "Europe/Berlin",
      "2026-03-15T00:00Z",
      "2026-02-28T23:00Z",
      "2026-03-31T22:00Z",
    ],
    [
      "the month that is new in Kolkata but not in UTC",
      "Asia/Kolkata",
      "2026-06-30T18:30Z",
      "2026-06-30T18:30Z",
      "2026-07-31T18:30Z",
    ],
  ])("covers %s", (_, timeZone, instant, start, end) => {
    expect(shown("MONTH", instant, timeZone)).toEqual([start, end]);
  });

  test("whose last day is missing ends with the day before it", () => {
    // Kiritimati went from 30 December 1994 straight to 1 January 1995.
    expect(shown("MONTH", "1994-12-31T09:59Z", "Pacific/Kiritimati")).toEqual([
      "1994-12-01T10:00Z",
      "1994-12-31T10:00Z",
    ]);
    expect(shown("YEAR", "1994-12-31T10:00Z", "Pacific/Kiritimati")).toEqual([
      "1994-12-31T10:00Z",
      "1995-12-31T10:00Z",
    ]);
  });
});

test("a calendar year begins with the local first of January", () => {
  expect(shown("YEAR", "2026-12-31T04:59Z", "America/New_York")).toEqual(["2026-01-01T05:00Z", "2027-01-01T05:00Z"]);
  expect(shown("YEAR", "2028-02-29T00:00Z", "UTC")).toEqual(["2028-01-01T00:00Z", "2029-01-01T00:00Z"]);
});

test("an hour is the UTC hour, also where local hours begin at half past", () => {
  for (const timeZone of ["UTC", "Asia/Kolkata", "Australia/Lord_Howe"]) {
    expect(shown("HOUR", "2026-07-15T10:45Z", timeZone)).toEqual(["2026-07-15T10:00Z", "2026-07-15T11:00Z"]);
  }
});

test("an hour is 60 elapsed minutes while the clock changes", () => {
  expect(shown("HOUR", "2026-10-25T00:59Z", "Europe/Berlin")).toEqual(["2026-10-25T00:00Z", "2026-10-25T01:00Z"]);
  expect(shown("HOUR", "2026-10-25T01:00Z", "Europe/Berlin")).toEqual(["2026-10-25T01:00Z", "2026-10-25T02:00Z"]);
});

test("LIFETIME is one period whatever the zone or anchor", () => {
  const instant = Date.parse("2026-07-15T10:00Z");
  expect(periodAt("LIFETIME", instant, { timeZone: "Asia/Tokyo" })).toEqual(lifetime);
  expect(periodAt("LIFETIME", instant, { timeZone: "UTC", anchor: instant })).toEqual(lifetime);
});

test("a zone that is none is refused rather than taken for UTC", () => {
  expect(() => periodAt("MONTH", 0, { timeZone: "Mars/Olympus" })).toThrow(RangeError);
});
