import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { createTestDatabase } from "../support/test-database.ts";
import { hard, isoOf, newPlan, reasonOf, setLimits, subscribe } from "./fixtures.ts";
import { lookAt, metricCode, putSchedule, type Schedule, tenantWith, useAt } from "./period-steps.ts";
import { query } from "./stored-rows.ts";
import { epochMs, record } from "./usage-steps.ts";

const { DAY, MONTH } = PeriodKind;

let app: TestApp;
/** Plans of one metric, by its period kind. */
let monthly: string;
let daily: string;

beforeAll(async () => {
  app = await startTestApp();
  monthly = await newPlan(app, hard(metricCode, 1_000n, MONTH));
  daily = await newPlan(app, hard(metricCode, 1_000n, DAY));
});

afterAll(async () => {
  await app.stop();
});

describe("a change of zone or anchor inside an open period", () => {
  /** Uses before the change, and after it. */
  it.each<[string, PeriodKind, Schedule, [string, string], Schedule, [string, string][]]>([
    [
      "a zone to the west",
      MONTH,
      {},
      ["2026-03-20T00:00:00.000Z", "2026-03-01T00:00Z/2026-04-01T00:00Z #1"],
      { timeZone: "America/New_York" },
      [
        ["2026-03-20T00:00:00.000Z", "2026-03-01T00:00Z/2026-04-01T00:00Z #2"],
        ["2026-03-31T23:59:59.999Z", "2026-03-01T00:00Z/2026-04-01T00:00Z #3"],
        ["2026-04-01T00:00:00.000Z", "2026-04-01T00:00Z/2026-04-01T04:00Z #1"],
        ["2026-04-01T03:59:59.999Z", "2026-04-01T00:00Z/2026-04-01T04:00Z #2"],
        ["2026-04-01T04:00:00.000Z", "2026-04-01T04:00Z/2026-05-01T04:00Z #1"],
      ],
    ],
    [
      "a zone to the east",
      MONTH,
      { timeZone: "America/New_York" },
      ["2026-03-20T00:00:00.000Z", "2026-03-01T05:00Z/2026-04-01T04:00Z #1"],
      { timeZone: "Europe/Berlin" },
      [
        ["2026-04-01T03:59:59.999Z", "2026-03-01T05:00Z/2026-04-01T04:00Z #2"],
        ["2026-04-01T04:00:00.000Z", "2026-04-01T04:00Z/2026-04-30T22:00Z #1"],
        ["2026-04-30T22:00:00.000Z", "2026-04-30T22:00Z/2026-05-31T22:00Z #1"],
      ],
    ],
    [
      "a zone across the date line, by the day",
      DAY,
      { timeZone: "Pacific/Honolulu" },
      ["2026-03-10T12:00:00.000Z", "2026-03-10T10:00Z/2026-03-11T10:00Z #1"],
      { timeZone: "Pacific/Auckland" },
      [
        ["2026-03-11T09:59:59.999Z", "2026-03-10T10:00Z/2026-03-11T10:00Z #2"],
        ["2026-03-11T10:00:00.000Z", "2026-03-11T10:00Z/2026-03-11T11:00Z #1"],
        ["2026-03-11T11:00:00.000Z", "2026-03-11T11:00Z/2026-03-12T11:00Z #1"],
      ],
    ],
    [
      "an anchor that was not there",
      MONTH,
      {},
      ["2026-03-20T00:00:00.000Z", "2026-03-01T00:00Z/2026-04-01T00:00Z #1"],
      { anchor: "2026-03-15T12:00:00Z" },
      [
        ["2026-03-31T23:59:59.999Z", "2026-03-01T00:00Z/2026-04-01T00:00Z #2"],
        ["2026-04-01T00:00:00.000Z", "2026-04-01T00:00Z/2026-04-15T12:00Z #1"],
        ["2026-04-15T12:00:00.000Z", "2026-04-15T12:00Z/2026-05-15T12:00Z #1"],
      ],
    ],
    [
      "an anchor that is gone",
      MONTH,
      { anchor: "2026-03-15T12:00:00Z" },
      ["2026-03-20T00:00:00.000Z", "2026-03-15T12:00Z/2026-04-15T12:00Z #1"],
      {},
      [
        ["2026-04-01T00:00:00.000Z", "2026-03-15T12:00Z/2026-04-15T12:00Z #2"],
        ["2026-04-15T12:00:00.000Z", "2026-04-15T12:00Z/2026-05-01T00:00Z #1"],
        ["2026-05-01T00:00:00.000Z", "2026-05-01T00:00Z/2026-06-01T00:00Z #1"],
      ],
    ],
    [
      "another anchor",
      MONTH,
      { anchor: "2026-01-31T00:00:00Z" },
      ["2026-02-10T00:00:00.000Z", "2026-01-31T00:00Z/2026-02-28T00:00Z #1"],
      { anchor: "2026-02-20T00:00:00Z" },
      [
        ["2026-02-27T23:59:59.999Z", "2026-01-31T00:00Z/2026-02-28T00:00Z #2"],
        ["2026-02-28T00:00:00.000Z", "2026-02-28T00:00Z/2026-03-20T00:00Z #1"],
        ["2026-03-20T00:00:00.000Z", "2026-03-20T00:00Z/2026-04-20T00:00Z #1"],
      ],
    ],
    [
      "a change after which the first period passes unused: the next one is whole",
      MONTH,
      {},
      ["2026-03-20T00:00:00.000Z", "2026-03-01T00:00Z/2026-04-01T00:00Z #1"],
      { timeZone: "America/New_York" },
      [["2026-04-01T04:00:00.000Z", "2026-04-01T04:00Z/2026-05-01T04:00Z #1"]],
    ],
  ])("R11: applies from the stored end on, for %s", async (_, kind, before, [instant, counted], after, uses) => {
    const tenantId = aTenant();
    const planCode = kind === MONTH ? monthly : daily;
    await putSchedule(app, tenantId, planCode, before);
    expect(await useAt(app, tenantId, instant)).toBe(counted);
    await putSchedule(app, tenantId, planCode, after);
    for (const [later, laterCounted] of uses) expect(await useAt(app, tenantId, later)).toBe(laterCounted);
  });

  it("R11: does not concern a metric that was not used before it", async () => {
    const tenantId = await tenantWith(app, MONTH, {});
    expect(await lookAt(app, tenantId, "2026-03-20T00:00:00Z")).toBe("2026-03-01T00:00Z/2026-04-01T00:00Z =0");
    await putSchedule(app, tenantId, monthly, { timeZone: "America/New_York" });
    expect(await lookAt(app, tenantId, "2026-03-20T00:00:00Z")).toBe("2026-03-01T05:00Z/2026-04-01T04:00Z =0");
    expect(await useAt(app, tenantId, "2026-04-01T00:00:00Z")).toBe("2026-03-01T05:00Z/2026-04-01T04:00Z #1");
  });

  it("R11: shows in the reads as the shortened period before it is used", async () => {
    const tenantId = await tenantWith(app, MONTH, {});
    await useAt(app, tenantId, "2026-03-20T00:00:00Z");
    await putSchedule(app, tenantId, monthly, { timeZone: "America/New_York" });
    expect(await lookAt(app, tenantId, "2026-03-31T23:59:59.999Z")).toBe("2026-03-01T00:00Z/2026-04-01T00:00Z =1");
    expect(await lookAt(app, tenantId, "2026-04-01T00:00:00Z")).toBe("2026-04-01T00:00Z/2026-04-01T04:00Z =0");
    expect(await lookAt(app, tenantId, "2026-04-01T03:59:59.999Z")).toBe("2026-04-01T00:00Z/2026-04-01T04:00Z =0");
    expect(await lookAt(app, tenantId, "2026-04-01T04:00:00Z")).toBe("2026-04-01T04:00Z/2026-05-01T04:00Z =0");
  });

  it("R11: does not prorate the limit of the shortened period", async () => {
    const tenantId = aTenant();
    const planCode = await newPlan(app, hard(metricCode, 3n, MONTH));
    const use = (amount: bigint) => app.quota.recordUsage({ tenantId, metricCode, amount });
    await putSchedule(app, tenantId, planCode, {});
    await app.setClock(epochMs("2026-03-20T00:00:00Z"));
    await use(3n);
    await putSchedule(app, tenantId, planCode, { timeZone: "America/New_York" });
    expect(await reasonOf(use(1n))).toBe("QUOTA_EXCEEDED");
    await app.setClock(epochMs("2026-04-01T00:00:00Z"));
    expect(await use(3n)).toMatchObject({ status: { current: 3n, limit: 3n, remaining: 0n } });
    expect(await reasonOf(use(1n))).toBe("QUOTA_EXCEEDED");
    await app.setClock(epochMs("2026-04-01T04:00:00Z"));
    expect(await use(3n)).toMatchObject({ status: { current: 3n, limit: 3n, remaining: 0n } });
  });

  it("R11: may be followed by others: each record runs to its stored end, then the latest holds", async () => {
    const tenantId = await tenantWith(app, MONTH, {});
    await useAt(app, tenantId, "2026-03-20T00:00:00Z");
    await putSchedule(app, tenantId, monthly, { timeZone: "Asia/Tokyo" });
    await putSchedule(app, tenantId, monthly, { timeZone: "America/New_York" });
    expect(await useAt(app, tenantId, "2026-04-01T00:00:00Z")).toBe("2026-04-01T00:00Z/2026-04-01T04:00Z #1");
    await putSchedule(app, tenantId, monthly, { anchor: "2026-01-10T00:00:00Z" });
    expect(await useAt(app, tenantId, "2026-04-01T03:59:59.999Z")).toBe("2026-04-01T00:00Z/2026-04-01T04:00Z #2");
    expect(await useAt(app, tenantId, "2026-04-01T04:00:00Z")).toBe("2026-04-01T04:00Z/2026-04-10T00:00Z #1");
  });
});

describe("a change of plan inside an open period", () => {
  it("R11: of the same kind keeps the counter, under the new limit", async () => {
    const tenantId = await tenantWith(app, MONTH, {});
    await useAt(app, tenantId, "2026-03-20T00:00:00Z");
    await subscribe(app, tenantId, await newPlan(app, hard(metricCode, 2n, MONTH)));
    expect(await useAt(app, tenantId, "2026-03-20T00:00:00Z")).toBe("2026-03-01T00:00Z/2026-04-01T00:00Z #2");
    expect(await reasonOf(app.quota.recordUsage({ tenantId, metricCode, amount: 1n }))).toBe("QUOTA_EXCEEDED");
  });

  it("R11: to another kind opens that kind's own counter, and changing back finds the old one", async () => {
    const tenantId = await tenantWith(app, MONTH, {});
    await useAt(app, tenantId, "2026-03-20T00:00:00Z");
    await subscribe(app, tenantId, daily);
    expect(await useAt(app, tenantId, "2026-03-20T01:00:00Z")).toBe("2026-03-20T00:00Z/2026-03-21T00:00Z #1");
    await subscribe(app, tenantId, monthly);
    expect(await lookAt(app, tenantId, "2026-03-20T02:00:00Z")).toBe("2026-03-01T00:00Z/2026-04-01T00:00Z =1");
    expect(await useAt(app, tenantId, "2026-03-20T02:00:00Z")).toBe("2026-03-01T00:00Z/2026-04-01T00:00Z #2");
    await subscribe(app, tenantId, daily);
    expect(await useAt(app, tenantId, "2026-03-20T23:59:59.999Z")).toBe("2026-03-20T00:00Z/2026-03-21T00:00Z #2");
    await subscribe(app, tenantId, monthly);
    expect(await useAt(app, tenantId, "2026-04-01T00:00:00Z")).toBe("2026-04-01T00:00Z/2026-05-01T00:00Z #1");
  });

  it("R11: of the kind within the plan does the same", async () => {
    const tenantId = aTenant();
    const planCode = await newPlan(app, hard(metricCode, 10n, MONTH));
    await subscribe(app, tenantId, planCode);
    await useAt(app, tenantId, "2026-03-20T00:00:00Z");
    await setLimits(app, planCode, hard(metricCode, 10n, DAY));
    expect(await useAt(app, tenantId, "2026-03-20T00:00:00Z")).toBe("2026-03-20T00:00Z/2026-03-21T00:00Z #1");
    await setLimits(app, planCode, hard(metricCode, 10n, MONTH));
    expect(await useAt(app, tenantId, "2026-03-20T00:00:00Z")).toBe("2026-03-01T00:00Z/2026-04-01T00:00Z #2");
  });

  it("R11: to another kind is not shortened by the end of the first kind's period", async () => {
    const tenantId = await tenantWith(app, MONTH, { timeZone: "America/New_York" });
    await useAt(app, tenantId, "2026-03-20T00:00:00Z");
    await putSchedule(app, tenantId, daily, {});
    expect(await useAt(app, tenantId, "2026-04-01T05:00:00Z")).toBe("2026-04-01T00:00Z/2026-04-02T00:00Z #1");
  });
});

it("R9, R11: reads show the period that the next use counts in, after a step back between kinds", async () => {
  const tenantId = await tenantWith(app, MONTH, {});
  await useAt(app, tenantId, "2026-03-31T23:59:59.000Z");
  await app.setClock(epochMs("2026-04-01T00:00:00.500Z"));
  await record(app, { tenantId, metricCode, planCode: daily });
  await app.setClock(epochMs("2026-03-31T23:59:59.500Z"));
  const { status } = await app.quota.checkQuota({ tenantId, metricCode, amount: 1n });
  const event = await record(app, { tenantId, metricCode });
  expect(isoOf(event.periodStart)).toBe("2026-04-01T00:00:00.000Z");
  expect([isoOf(status?.periodStart), status?.current]).toEqual([isoOf(event.periodStart), event.usageAfter - 1n]);
});

it("R9, R12: reads stay in the new period, when the clock stepped back over its beginning", async () => {
  // Both of a tenant's counters are open then. Without sorting, PostgreSQL answers them in an order that is chance.
  const database = await createTestDatabase();
  const name = pg.escapeIdentifier(new URL(database.superuserUrl).pathname.slice(1));
  await query(database, `alter database ${name} set enable_sort = off`);
  const own = await startTestApp({ database });
  const tenantIds = await Promise.all(Array.from({ length: 8 }, () => tenantWith(own, DAY, {})));
  for (const instant of ["2026-03-10T23:59:59Z", "2026-03-11T00:00:00Z", "2026-03-11T00:00:01Z"]) {
    await own.setClock(epochMs(instant));
    await Promise.all(tenantIds.map((tenantId) => record(own, { tenantId, metricCode })));
  }
  for (const tenantId of tenantIds) {
    const seen = await lookAt(own, tenantId, "2026-03-10T23:59:59.999Z");
    expect(seen).toBe("2026-03-11T00:00Z/2026-03-12T00:00Z =2");
  }
  await own.stop();
  await database.drop();
});
