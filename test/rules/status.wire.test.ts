import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LimitEnforcement, LimitSource, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, isoOf, newPlan, soft, subscribe, tenantOn, unlimited } from "./fixtures.ts";
import { dumpTables } from "./stored-rows.ts";

describe("CheckQuota and GetStatus", () => {
  const moment = Date.UTC(2027, 2, 10, 12, 30);
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    await app.setClock(moment);
  });

  afterAll(async () => {
    await app.stop();
  });

  it("R1: the quick reference: 42 of 50 used leave 8, and 10 more would exceed by 2", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("tracked_products", 50n));
    await app.quota.recordUsage({ tenantId, metricCode: "tracked_products", amount: 40n });
    await app.quota.recordUsage({ tenantId, metricCode: "tracked_products", amount: 2n });
    const before = await dumpTables(app.database);

    const { metrics } = await app.quota.getStatus({ tenantId });
    const status = {
      metricCode: "tracked_products",
      current: 42n,
      limit: 50n,
      remaining: 8n,
      enforcement: LimitEnforcement.HARD,
      periodKind: PeriodKind.MONTH,
      planCode,
      limitSource: LimitSource.SUBSCRIBED_PLAN,
    };
    expect(metrics).toMatchObject([status]);
    expect([isoOf(metrics[0]?.periodStart), isoOf(metrics[0]?.periodEnd)]).toEqual([
      "2027-03-01T00:00:00.000Z",
      "2027-04-01T00:00:00.000Z",
    ]);

    const advice = await app.quota.checkQuota({ tenantId, metricCode: "tracked_products", amount: 10n });
    expect(advice).toMatchObject({ wouldExceed: true, remaining: -2n, allowed: false, status });
    const exact = await app.quota.checkQuota({ tenantId, metricCode: "tracked_products", amount: 8n });
    expect(exact).toMatchObject({ wouldExceed: false, remaining: 0n, allowed: true, status });

    expect(await dumpTables(app.database)).toEqual(before);
  });

  it("R1: CheckQuota decides as RecordUsage does, at limit - 1, limit and limit + 1", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 10n));
    const check = (amount: bigint) => app.quota.checkQuota({ tenantId, metricCode: "items", amount });
    expect(await check(9n)).toMatchObject({ wouldExceed: false, allowed: true, remaining: 1n });
    expect(await check(10n)).toMatchObject({ wouldExceed: false, allowed: true, remaining: 0n });
    expect(await check(11n)).toMatchObject({ wouldExceed: true, allowed: false, remaining: -1n });
    expect(await check(10n ** 15n)).toMatchObject({ wouldExceed: true, allowed: false, remaining: 10n - 10n ** 15n });
  });

  it("R2: CheckQuota of a SOFT limit allows what would exceed, and says that it would", async () => {
    const { tenantId } = await tenantOn(app, soft("items", 10n));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 12n });
    const advice = await app.quota.checkQuota({ tenantId, metricCode: "items", amount: 5n });
    expect(advice).toMatchObject({
      wouldExceed: true,
      allowed: true,
      remaining: -7n,
      status: { current: 12n, remaining: -2n, enforcement: LimitEnforcement.SOFT },
    });
  });

  it("R2: asking holds nothing: the whole rest can be used after it was promised to somebody", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 10n));
    const question = { tenantId, metricCode: "items", amount: 10n };
    expect((await app.quota.checkQuota(question)).allowed).toBe(true);
    expect((await app.quota.recordUsage(question)).status?.remaining).toBe(0n);
    expect((await app.quota.checkQuota(question)).allowed).toBe(false);
  });

  it("R4: CheckQuota with plan_code decides by that plan and its kind's counter", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 10n));
    const requested = await newPlan(app, soft("items", 3n, PeriodKind.HOUR));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 10n });
    const advice = await app.quota.checkQuota({ tenantId, metricCode: "items", amount: 4n, planCode: requested });
    expect(advice).toMatchObject({
      wouldExceed: true,
      allowed: true,
      remaining: -1n,
      status: {
        current: 0n,
        limit: 3n,
        planCode: requested,
        periodKind: PeriodKind.HOUR,
        limitSource: LimitSource.REQUESTED_PLAN,
      },
    });
  });

  it("R3: GetStatus shows every metric of the plan, sorted, unused ones with 0 in the period open now", async () => {
    const { tenantId, planCode } = await tenantOn(
      app,
      hard("z_last", 1n, PeriodKind.HOUR),
      soft("b.dotted", 2n, PeriodKind.DAY),
      hard("b-dashed", 3n, PeriodKind.WEEK),
      unlimited("b_underlined", PeriodKind.YEAR),
      hard("b0", 4n, PeriodKind.LIFETIME),
      hard("a", 0n),
    );
    await app.quota.recordUsage({ tenantId, metricCode: "b.dotted", amount: 5n });
    const { metrics } = await app.quota.getStatus({ tenantId });
    const shown = metrics.map(({ metricCode, current, limit, remaining, periodStart, periodEnd }) => [
      metricCode,
      current,
      limit,
      remaining,
      isoOf(periodStart),
      isoOf(periodEnd),
    ]);
    expect(shown).toEqual([
      ["a", 0n, 0n, 0n, "2027-03-01T00:00:00.000Z", "2027-04-01T00:00:00.000Z"],
      ["b-dashed", 0n, 3n, 3n, "2027-03-08T00:00:00.000Z", "2027-03-15T00:00:00.000Z"],
      ["b.dotted", 5n, 2n, -3n, "2027-03-10T00:00:00.000Z", "2027-03-11T00:00:00.000Z"],
      ["b0", 0n, 4n, 4n, undefined, undefined],
      ["b_underlined", 0n, undefined, undefined, "2027-01-01T00:00:00.000Z", "2028-01-01T00:00:00.000Z"],
      ["z_last", 0n, 1n, 1n, "2027-03-10T12:00:00.000Z", "2027-03-10T13:00:00.000Z"],
    ]);
    expect(new Set(metrics.map((metric) => metric.planCode))).toEqual(new Set([planCode]));
  });

  it("R3: GetStatus filters by metric_codes, leaves unknown ones out and shows repeated ones once", async () => {
    const { tenantId } = await tenantOn(app, hard("a", 1n), hard("b", 1n), hard("c", 1n));
    const codesOf = async (metricCodes: string[]) =>
      (await app.quota.getStatus({ tenantId, metricCodes })).metrics.map(({ metricCode }) => metricCode);
    expect(await codesOf(["c", "a"])).toEqual(["a", "c"]);
    expect(await codesOf(["c", "unknown", "c"])).toEqual(["c"]);
    expect(await codesOf(["unknown"])).toEqual([]);
    expect(await codesOf([])).toEqual(["a", "b", "c"]);
  });

  it("R3: GetStatus of an empty plan is an empty list, not an error", async () => {
    const { tenantId } = await tenantOn(app);
    expect((await app.quota.getStatus({ tenantId })).metrics).toEqual([]);
  });

  it("R12: a period that has ended shows 0 at its very end, without anybody having reset it", async () => {
    const tenantId = aTenant();
    await subscribe(app, tenantId, await newPlan(app, hard("items", 5n, PeriodKind.HOUR)));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 5n });
    const end = Date.UTC(2027, 2, 10, 13);
    try {
      await app.setClock(end - 1);
      expect((await app.quota.getStatus({ tenantId })).metrics).toMatchObject([{ current: 5n, remaining: 0n }]);
      const before = await dumpTables(app.database);
      await app.setClock(end);
      expect((await app.quota.getStatus({ tenantId })).metrics).toMatchObject([{ current: 0n, remaining: 5n }]);
      expect(await app.quota.checkQuota({ tenantId, metricCode: "items", amount: 5n })).toMatchObject({
        allowed: true,
      });
      expect(await dumpTables(app.database)).toEqual(before);
    } finally {
      await app.setClock(moment);
    }
  });

  it("R3: a tenant sees its own numbers alone", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n));
    const neighbour = aTenant();
    await subscribe(app, neighbour, planCode);
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 5n });
    expect((await app.quota.getStatus({ tenantId: neighbour })).metrics).toMatchObject([{ current: 0n }]);
    expect((await app.quota.listEvents({ tenantId: neighbour })).events).toEqual([]);
    expect((await app.quota.getStatus({ tenantId: tenantId.toUpperCase() })).metrics).toMatchObject([{ current: 5n }]);
  });
});
