import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, tenantOn } from "./fixtures.ts";
import { lookAt, metricCode, tenantWith, useAt } from "./period-steps.ts";
import { query } from "./stored-rows.ts";
import { epochMs, record } from "./usage-steps.ts";

const { HOUR, DAY, WEEK, MONTH, YEAR, LIFETIME } = PeriodKind;

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});

afterAll(async () => {
  await app.stop();
});

describe("a calendar period", () => {
  it.each<[string, PeriodKind, string, [string, string][]]>([
    [
      "HOUR is the UTC hour, in a zone of half hours too",
      HOUR,
      "Asia/Kolkata",
      [
        ["2026-03-10T12:34:56.789Z", "2026-03-10T12:00Z/2026-03-10T13:00Z #1"],
        ["2026-03-10T12:59:59.999Z", "2026-03-10T12:00Z/2026-03-10T13:00Z #2"],
        ["2026-03-10T13:00:00.000Z", "2026-03-10T13:00Z/2026-03-10T14:00Z #1"],
      ],
    ],
    [
      "HOUR is 60 minutes while clocks go back, so that the repeated hour is two hours",
      HOUR,
      "Europe/Berlin",
      [
        ["2026-10-25T00:59:59.999Z", "2026-10-25T00:00Z/2026-10-25T01:00Z #1"],
        ["2026-10-25T01:00:00.000Z", "2026-10-25T01:00Z/2026-10-25T02:00Z #1"],
        ["2026-10-25T02:00:00.000Z", "2026-10-25T02:00Z/2026-10-25T03:00Z #1"],
      ],
    ],
    [
      "DAY has 23 hours when Berlin goes to summer time",
      DAY,
      "Europe/Berlin",
      [
        ["2026-03-28T22:59:59.999Z", "2026-03-27T23:00Z/2026-03-28T23:00Z #1"],
        ["2026-03-28T23:00:00.000Z", "2026-03-28T23:00Z/2026-03-29T22:00Z #1"],
        ["2026-03-29T21:59:59.999Z", "2026-03-28T23:00Z/2026-03-29T22:00Z #2"],
        ["2026-03-29T22:00:00.000Z", "2026-03-29T22:00Z/2026-03-30T22:00Z #1"],
      ],
    ],
    [
      "DAY has 25 hours when Berlin goes to winter time",
      DAY,
      "Europe/Berlin",
      [
        ["2026-10-24T21:59:59.999Z", "2026-10-23T22:00Z/2026-10-24T22:00Z #1"],
        ["2026-10-24T22:00:00.000Z", "2026-10-24T22:00Z/2026-10-25T23:00Z #1"],
        ["2026-10-25T22:59:59.999Z", "2026-10-24T22:00Z/2026-10-25T23:00Z #2"],
        ["2026-10-25T23:00:00.000Z", "2026-10-25T23:00Z/2026-10-26T23:00Z #1"],
      ],
    ],
    [
      "DAY has 23 hours when New York goes to summer time",
      DAY,
      "America/New_York",
      [
        ["2026-03-08T04:59:59.999Z", "2026-03-07T05:00Z/2026-03-08T05:00Z #1"],
        ["2026-03-08T05:00:00.000Z", "2026-03-08T05:00Z/2026-03-09T04:00Z #1"],
        ["2026-03-09T03:59:59.999Z", "2026-03-08T05:00Z/2026-03-09T04:00Z #2"],
        ["2026-03-09T04:00:00.000Z", "2026-03-09T04:00Z/2026-03-10T04:00Z #1"],
      ],
    ],
    [
      "DAY has 25 hours when New York goes to winter time",
      DAY,
      "America/New_York",
      [
        ["2026-11-01T03:59:59.999Z", "2026-10-31T04:00Z/2026-11-01T04:00Z #1"],
        ["2026-11-01T04:00:00.000Z", "2026-11-01T04:00Z/2026-11-02T05:00Z #1"],
        ["2026-11-02T04:59:59.999Z", "2026-11-01T04:00Z/2026-11-02T05:00Z #2"],
        ["2026-11-02T05:00:00.000Z", "2026-11-02T05:00Z/2026-11-03T05:00Z #1"],
      ],
    ],
    [
      "DAY begins at 01:00 where clocks skip midnight",
      DAY,
      "America/Sao_Paulo",
      [
        ["2018-11-04T02:59:59.999Z", "2018-11-03T03:00Z/2018-11-04T03:00Z #1"],
        ["2018-11-04T03:00:00.000Z", "2018-11-04T03:00Z/2018-11-05T02:00Z #1"],
        ["2018-11-05T02:00:00.000Z", "2018-11-05T02:00Z/2018-11-06T02:00Z #1"],
      ],
    ],
    [
      "DAY merges a day that does not exist into the next: Apia had no 30 December 2011",
      DAY,
      "Pacific/Apia",
      [
        ["2011-12-29T10:00:00.000Z", "2011-12-29T10:00Z/2011-12-30T10:00Z #1"],
        ["2011-12-30T09:59:59.999Z", "2011-12-29T10:00Z/2011-12-30T10:00Z #2"],
        ["2011-12-30T10:00:00.000Z", "2011-12-30T10:00Z/2011-12-31T10:00Z #1"],
        ["2011-12-31T10:00:00.000Z", "2011-12-31T10:00Z/2012-01-01T10:00Z #1"],
      ],
    ],
    [
      "WEEK runs from Monday to Monday of the zone, an hour short in spring",
      WEEK,
      "Europe/Berlin",
      [
        ["2026-03-22T22:59:59.999Z", "2026-03-15T23:00Z/2026-03-22T23:00Z #1"],
        ["2026-03-22T23:00:00.000Z", "2026-03-22T23:00Z/2026-03-29T22:00Z #1"],
        ["2026-03-29T21:59:59.999Z", "2026-03-22T23:00Z/2026-03-29T22:00Z #2"],
        ["2026-03-29T22:00:00.000Z", "2026-03-29T22:00Z/2026-04-05T22:00Z #1"],
      ],
    ],
    [
      "WEEK runs from Monday in UTC, over the end of a year",
      WEEK,
      "",
      [
        ["2026-01-04T23:59:59.999Z", "2025-12-29T00:00Z/2026-01-05T00:00Z #1"],
        ["2026-01-05T00:00:00.000Z", "2026-01-05T00:00Z/2026-01-12T00:00Z #1"],
      ],
    ],
    [
      "MONTH is the month of the zone",
      MONTH,
      "America/New_York",
      [
        ["2026-03-01T04:59:59.999Z", "2026-02-01T05:00Z/2026-03-01T05:00Z #1"],
        ["2026-03-01T05:00:00.000Z", "2026-03-01T05:00Z/2026-04-01T04:00Z #1"],
        ["2026-04-01T03:59:59.999Z", "2026-03-01T05:00Z/2026-04-01T04:00Z #2"],
        ["2026-04-01T04:00:00.000Z", "2026-04-01T04:00Z/2026-05-01T04:00Z #1"],
      ],
    ],
    [
      "MONTH is the month of UTC without a zone, 29 February included",
      MONTH,
      "",
      [
        ["2028-02-29T23:59:59.999Z", "2028-02-01T00:00Z/2028-03-01T00:00Z #1"],
        ["2028-03-01T00:00:00.000Z", "2028-03-01T00:00Z/2028-04-01T00:00Z #1"],
      ],
    ],
    [
      "YEAR is the year of the zone",
      YEAR,
      "Asia/Tokyo",
      [
        ["2025-12-31T14:59:59.999Z", "2024-12-31T15:00Z/2025-12-31T15:00Z #1"],
        ["2025-12-31T15:00:00.000Z", "2025-12-31T15:00Z/2026-12-31T15:00Z #1"],
        ["2026-12-31T14:59:59.999Z", "2025-12-31T15:00Z/2026-12-31T15:00Z #2"],
      ],
    ],
    [
      "LIFETIME never ends, and is unset on the wire",
      LIFETIME,
      "Europe/Berlin",
      [
        ["2026-01-01T00:00:00.000Z", "unset/unset #1"],
        ["2031-07-01T00:00:00.000Z", "unset/unset #2"],
        ["2999-12-31T23:59:59.999Z", "unset/unset #3"],
      ],
    ],
  ])("R10: %s", async (_, kind, timeZone, uses) => {
    const tenantId = await tenantWith(app, kind, { timeZone });
    for (const [instant, counted] of uses) expect(await useAt(app, tenantId, instant)).toBe(counted);
  });

  it("R10, R4: without a subscription it is the calendar of UTC", async () => {
    const { planCode } = await tenantOn(app, hard(metricCode, 1_000n, DAY));
    await app.setClock(epochMs("2026-03-29T22:30:00.000Z"));
    const { periodStart, periodEnd } = await record(app, { tenantId: crypto.randomUUID(), metricCode, planCode });
    expect([periodStart, periodEnd].map((instant) => instant && timestampMs(instant))).toEqual([
      epochMs("2026-03-29T00:00:00Z"),
      epochMs("2026-03-30T00:00:00Z"),
    ]);
  });

  it("R10: LIFETIME is stored from 1970 to 9999, so that it is open at every instant", async () => {
    const tenantId = await tenantWith(app, LIFETIME, {});
    await useAt(app, tenantId, "2026-01-01T00:00:00.000Z");
    const [stored] = await query(
      app.database,
      `select extract(epoch from period_start) as start, extract(year from period_end) as last_year
        from quota_usage_record where tenant_id = $1`,
      [tenantId],
    );
    expect(stored).toEqual({ start: "0.000000", last_year: "9999" });
  });
});

describe("a new period", () => {
  it.each([
    [HOUR, "2026-03-10T13:00:00.000Z"],
    [DAY, "2026-03-29T22:00:00.000Z"],
    [MONTH, "2026-03-31T22:00:00.000Z"],
  ])("R12: starts from 0 at the very instant of the boundary, without any job (kind %i)", async (kind, boundary) => {
    const { tenantId, planCode } = await tenantOn(app, hard(metricCode, 3n, kind));
    await app.subscriptions.putSubscription({ subscription: { tenantId, planCode, timeZone: "Europe/Berlin" } });
    const use = (amount: bigint) => app.quota.recordUsage({ tenantId, metricCode, amount });
    const justBefore = epochMs(boundary) - 1;
    await app.setClock(justBefore);
    await use(3n);
    const counted = "select ctid, xmin, current_usage, last_sequence from quota_usage_record where tenant_id = $1";
    const before = await query(app.database, counted, [tenantId]);
    const refusal = await refusalOfCall(use(1n));
    expect(refusal).toMatchObject({
      reason: "QUOTA_EXCEEDED",
      retryInfo: { retryDelay: { seconds: 0n, nanos: 1_000_000 } },
    });
    expect(refusal.info?.metadata).toMatchObject({ period_end: boundary });

    expect(await lookAt(app, tenantId, boundary)).toMatch(/ =0$/);
    expect(await query(app.database, counted, [tenantId])).toEqual(before);
    const { event, status } = await use(3n);
    expect(event).toMatchObject({ sequence: 1n, usageAfter: 3n });
    expect(status).toMatchObject({
      current: 3n,
      remaining: 0n,
      periodStart: { seconds: BigInt(epochMs(boundary)) / 1_000n },
    });
    expect(await query(app.database, counted, [tenantId])).toEqual(expect.arrayContaining(before));
  });

  it("R12: is told in RetryInfo as the time until then, unless there is none or it would not help", async () => {
    const { tenantId } = await tenantOn(app, hard("monthly", 3n), hard("ever", 3n, LIFETIME));
    await app.setClock(epochMs("2026-03-30T12:00:00.250Z"));
    const refused = async (metric: string, amount: bigint) =>
      (await refusalOfCall(app.quota.recordUsage({ tenantId, metricCode: metric, amount }))).retryInfo?.retryDelay;
    for (const metric of ["monthly", "ever"]) await record(app, { tenantId, metricCode: metric, amount: 2n });

    expect(await refused("monthly", 3n)).toMatchObject({ seconds: 129_599n, nanos: 750_000_000 });
    expect(await refused("monthly", 4n)).toBeUndefined();
    expect(await refused("ever", 3n)).toBeUndefined();
  });
});
