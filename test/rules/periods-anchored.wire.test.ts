import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { type Schedule, tenantWith, useAt } from "./period-steps.ts";

const { HOUR, DAY, WEEK, MONTH, YEAR, LIFETIME } = PeriodKind;

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});

afterAll(async () => {
  await app.stop();
});

describe("an anchored period", () => {
  it.each<[string, PeriodKind, Schedule, [string, string][]]>([
    [
      "MONTH from the 31st ends with every shorter month and finds the 31st again",
      MONTH,
      { anchor: "2027-01-31T10:00:00Z" },
      [
        ["2027-01-31T09:59:59.999Z", "2026-12-31T10:00Z/2027-01-31T10:00Z #1"],
        ["2027-01-31T10:00:00.000Z", "2027-01-31T10:00Z/2027-02-28T10:00Z #1"],
        ["2027-02-28T09:59:59.999Z", "2027-01-31T10:00Z/2027-02-28T10:00Z #2"],
        ["2027-02-28T10:00:00.000Z", "2027-02-28T10:00Z/2027-03-31T10:00Z #1"],
        ["2027-03-31T10:00:00.000Z", "2027-03-31T10:00Z/2027-04-30T10:00Z #1"],
        ["2027-04-30T10:00:00.000Z", "2027-04-30T10:00Z/2027-05-31T10:00Z #1"],
        ["2028-02-10T00:00:00.000Z", "2028-01-31T10:00Z/2028-02-29T10:00Z #1"],
        ["2028-02-29T10:00:00.000Z", "2028-02-29T10:00Z/2028-03-31T10:00Z #1"],
      ],
    ],
    [
      "MONTH from the 30th",
      MONTH,
      { anchor: "2027-01-30T00:00:00Z" },
      [
        ["2027-02-27T23:59:59.999Z", "2027-01-30T00:00Z/2027-02-28T00:00Z #1"],
        ["2027-02-28T00:00:00.000Z", "2027-02-28T00:00Z/2027-03-30T00:00Z #1"],
        ["2028-02-29T00:00:00.000Z", "2028-02-29T00:00Z/2028-03-30T00:00Z #1"],
      ],
    ],
    [
      "MONTH from the 29th",
      MONTH,
      { anchor: "2027-01-29T00:00:00Z" },
      [
        ["2027-02-28T00:00:00.000Z", "2027-02-28T00:00Z/2027-03-29T00:00Z #1"],
        ["2028-02-28T23:59:59.999Z", "2028-01-29T00:00Z/2028-02-29T00:00Z #1"],
        ["2028-02-29T00:00:00.000Z", "2028-02-29T00:00Z/2028-03-29T00:00Z #1"],
      ],
    ],
    [
      "MONTH from the 31st at 10:00 on Berlin's clock, summer and winter",
      MONTH,
      { timeZone: "Europe/Berlin", anchor: "2026-01-31T09:00:00Z" },
      [
        ["2026-02-28T08:59:59.999Z", "2026-01-31T09:00Z/2026-02-28T09:00Z #1"],
        ["2026-02-28T09:00:00.000Z", "2026-02-28T09:00Z/2026-03-31T08:00Z #1"],
        ["2026-03-31T08:00:00.000Z", "2026-03-31T08:00Z/2026-04-30T08:00Z #1"],
        ["2026-10-31T09:00:00.000Z", "2026-10-31T09:00Z/2026-11-30T09:00Z #1"],
      ],
    ],
    [
      "MONTH of an anchor that lies ahead is counted backwards from it",
      MONTH,
      { anchor: "2027-05-31T00:00:00Z" },
      [
        ["2026-02-27T23:59:59.999Z", "2026-01-31T00:00Z/2026-02-28T00:00Z #1"],
        ["2026-02-28T00:00:00.000Z", "2026-02-28T00:00Z/2026-03-31T00:00Z #1"],
      ],
    ],
    [
      "YEAR from 29 February is 28 February in common years and 29 February in leap years",
      YEAR,
      { anchor: "2024-02-29T00:00:00Z" },
      [
        ["2025-02-27T23:59:59.999Z", "2024-02-29T00:00Z/2025-02-28T00:00Z #1"],
        ["2025-02-28T00:00:00.000Z", "2025-02-28T00:00Z/2026-02-28T00:00Z #1"],
        ["2028-02-28T23:59:59.999Z", "2027-02-28T00:00Z/2028-02-29T00:00Z #1"],
        ["2028-02-29T00:00:00.000Z", "2028-02-29T00:00Z/2029-02-28T00:00Z #1"],
      ],
    ],
    [
      "YEAR from 29 February by the date of the zone, which in UTC is 28 February",
      YEAR,
      { timeZone: "Pacific/Auckland", anchor: "2024-02-28T12:00:00Z" },
      [
        ["2025-02-27T10:59:59.999Z", "2024-02-28T12:00Z/2025-02-27T12:00Z #1"],
        ["2025-02-27T12:00:00.000Z", "2025-02-27T12:00Z/2026-02-27T12:00Z #1"],
        ["2028-02-28T12:00:00.000Z", "2028-02-28T12:00Z/2029-02-27T12:00Z #1"],
      ],
    ],
    [
      "WEEK from a Wednesday at 15:00 on New York's clock, an hour short in spring",
      WEEK,
      { timeZone: "America/New_York", anchor: "2026-02-25T20:00:00Z" },
      [
        ["2026-03-04T19:59:59.999Z", "2026-02-25T20:00Z/2026-03-04T20:00Z #1"],
        ["2026-03-04T20:00:00.000Z", "2026-03-04T20:00Z/2026-03-11T19:00Z #1"],
        ["2026-03-11T19:00:00.000Z", "2026-03-11T19:00Z/2026-03-18T19:00Z #1"],
      ],
    ],
    [
      "DAY from a local time that is skipped once: that day begins after the gap",
      DAY,
      { timeZone: "Europe/Berlin", anchor: "2026-03-01T01:30:00Z" },
      [
        ["2026-03-29T01:29:59.999Z", "2026-03-28T01:30Z/2026-03-29T01:30Z #1"],
        ["2026-03-29T01:30:00.000Z", "2026-03-29T01:30Z/2026-03-30T00:30Z #1"],
        ["2026-03-30T00:30:00.000Z", "2026-03-30T00:30Z/2026-03-31T00:30Z #1"],
      ],
    ],
    [
      "DAY from a local time that comes twice once: that day begins at the first",
      DAY,
      { timeZone: "Europe/Berlin", anchor: "2026-03-01T01:30:00Z" },
      [
        ["2026-10-25T00:29:59.999Z", "2026-10-24T00:30Z/2026-10-25T00:30Z #1"],
        ["2026-10-25T00:30:00.000Z", "2026-10-25T00:30Z/2026-10-26T01:30Z #1"],
        ["2026-10-25T01:30:00.000Z", "2026-10-25T00:30Z/2026-10-26T01:30Z #2"],
      ],
    ],
    [
      "DAY from noon merges the noon that Apia never had into the next",
      DAY,
      { timeZone: "Pacific/Apia", anchor: "2011-12-25T22:00:00Z" },
      [
        ["2011-12-30T21:59:59.999Z", "2011-12-29T22:00Z/2011-12-30T22:00Z #1"],
        ["2011-12-30T22:00:00.000Z", "2011-12-30T22:00Z/2011-12-31T22:00Z #1"],
      ],
    ],
    [
      "HOUR is 60 minutes from the anchor, to the millisecond, whatever the zone's clock does",
      HOUR,
      { timeZone: "Europe/Berlin", anchor: "2026-01-01T00:17:30.250Z" },
      [
        ["2026-03-29T01:17:30.249Z", "2026-03-29T00:17:30.25Z/2026-03-29T01:17:30.25Z #1"],
        ["2026-03-29T01:17:30.250Z", "2026-03-29T01:17:30.25Z/2026-03-29T02:17:30.25Z #1"],
      ],
    ],
    [
      "LIFETIME has no use for an anchor",
      LIFETIME,
      { anchor: "2026-01-31T10:00:00Z" },
      [
        ["2026-01-01T00:00:00.000Z", "unset/unset #1"],
        ["2026-03-01T00:00:00.000Z", "unset/unset #2"],
      ],
    ],
  ])("R10: %s", async (_, kind, schedule, uses) => {
    const tenantId = await tenantWith(app, kind, schedule);
    for (const [instant, counted] of uses) expect(await useAt(app, tenantId, instant)).toBe(counted);
  });
});
