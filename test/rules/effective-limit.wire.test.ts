import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LimitEnforcement, LimitSource, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, isoOf, newPlan, planInit, reasonOf, refused, soft, subscribe, tenantOn, unlimited } from "./fixtures.ts";
import { readCounters } from "./stored-rows.ts";

describe("the limit that holds", () => {
  const moment = Date.UTC(2027, 2, 10, 12);
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  beforeEach(async () => {
    await app.setClock(moment);
  });

  afterAll(async () => {
    await app.stop();
  });

  it("R3: without subscription, default plan or plan_code there is NO_PLAN", async () => {
    const tenantId = aTenant();
    const noPlan = { code: "FAILED_PRECONDITION", reason: "NO_PLAN", numbers: { tenant_id: tenantId } };
    const question = { tenantId, metricCode: "items", amount: 1n };
    expect(await refused(app.quota.recordUsage(question))).toEqual(noPlan);
    expect(await refused(app.quota.checkQuota(question))).toEqual(noPlan);
    expect(await refused(app.quota.getStatus({ tenantId }))).toEqual(noPlan);
    expect((await app.quota.listEvents({ tenantId })).events).toEqual([]);
  });

  it("R3: a metric that the plan lacks is METRIC_NOT_IN_PLAN, whatever other plans have", async () => {
    await newPlan(app, hard("elsewhere", 5n));
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n));
    const question = { tenantId, metricCode: "elsewhere", amount: 1n };
    const notInPlan = {
      code: "FAILED_PRECONDITION",
      reason: "METRIC_NOT_IN_PLAN",
      numbers: { metric_code: "elsewhere", plan_code: planCode },
    };
    expect(await refused(app.quota.recordUsage(question))).toEqual(notInPlan);
    expect(await refused(app.quota.checkQuota(question))).toEqual(notInPlan);
    const requested = await newPlan(app);
    expect(await refused(app.quota.recordUsage({ ...question, planCode: requested }))).toEqual({
      ...notInPlan,
      numbers: { metric_code: "elsewhere", plan_code: requested },
    });
  });

  it("R3: the default plan serves tenants without a subscription, and gives way to one", async () => {
    const code = await newPlan(app, soft("items", 7n, PeriodKind.DAY));
    const { plan } = await app.plans.getPlan({ code });
    await app.plans.updatePlan({ plan: { ...planInit(plan), isDefault: true, limits: plan?.limits ?? [] } });
    try {
      const tenantId = aTenant();
      const first = await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 8n });
      expect(first).toMatchObject({
        overLimit: true,
        status: { limit: 7n, planCode: code, limitSource: LimitSource.DEFAULT_PLAN, periodKind: PeriodKind.DAY },
        event: { limit: 7n, planCode: code, limitSource: LimitSource.DEFAULT_PLAN },
      });
      expect(first.event?.requestedPlanCode).toBeUndefined();
      const { metrics } = await app.quota.getStatus({ tenantId });
      expect(metrics).toMatchObject([{ current: 8n, planCode: code, limitSource: LimitSource.DEFAULT_PLAN }]);

      const own = await newPlan(app, hard("items", 9n, PeriodKind.DAY));
      await subscribe(app, tenantId, own);
      const second = await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n });
      expect(second.status).toMatchObject({ current: 9n, planCode: own, limitSource: LimitSource.SUBSCRIBED_PLAN });
      const other = { tenantId, metricCode: "others", amount: 1n };
      expect(await reasonOf(app.quota.recordUsage(other))).toBe("METRIC_NOT_IN_PLAN");
    } finally {
      const { plan: current } = await app.plans.getPlan({ code });
      await app.plans.updatePlan({ plan: { ...planInit(current), isDefault: false, limits: current?.limits ?? [] } });
    }
    expect(await reasonOf(app.quota.getStatus({ tenantId: aTenant() }))).toBe("NO_PLAN");
  });

  it("R4: plan_code gives limit, enforcement and kind of that call alone", async () => {
    const { tenantId, planCode: own } = await tenantOn(app, hard("items", 5n, PeriodKind.MONTH));
    const requested = await newPlan(app, soft("items", 2n, PeriodKind.DAY), hard("extras", 1n));
    const use = (fields: { metricCode?: string; planCode?: string }) =>
      app.quota.recordUsage({ tenantId, metricCode: "items", amount: 4n, ...fields });

    expect(await use({})).toMatchObject({
      status: { current: 4n, limit: 5n, limitSource: LimitSource.SUBSCRIBED_PLAN },
    });
    expect(await use({ planCode: requested })).toMatchObject({
      overLimit: true,
      status: { current: 4n, limit: 2n, remaining: -2n, enforcement: LimitEnforcement.SOFT },
      event: {
        limit: 2n,
        enforcement: LimitEnforcement.SOFT,
        limitSource: LimitSource.REQUESTED_PLAN,
        planCode: requested,
        requestedPlanCode: requested,
        periodKind: PeriodKind.DAY,
        sequence: 1n,
      },
    });
    expect(await reasonOf(use({}))).toBe("QUOTA_EXCEEDED");
    expect(await reasonOf(use({ metricCode: "extras" }))).toBe("METRIC_NOT_IN_PLAN");
    expect(await reasonOf(use({ metricCode: "extras", planCode: requested }))).toBe("QUOTA_EXCEEDED");
    const { metrics } = await app.quota.getStatus({ tenantId });
    expect(metrics).toMatchObject([{ metricCode: "items", current: 4n, limit: 5n, planCode: own }]);
    expect(await readCounters(app.database, tenantId)).toMatchObject([
      { period_kind: "MONTH", current_usage: "4" },
      { period_kind: "DAY", current_usage: "4" },
    ]);
  });

  it("R4: naming the subscribed plan uses the same counter, and the event keeps what was named", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 2n });
    const { event, status } = await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 2n, planCode });
    expect(event).toMatchObject({ planCode, requestedPlanCode: planCode, limitSource: LimitSource.REQUESTED_PLAN });
    expect(status).toMatchObject({ current: 4n, limit: 5n });
    const { events } = await app.quota.listEvents({ tenantId });
    expect(events.map((listed) => listed.requestedPlanCode)).toEqual([planCode, undefined]);
  });

  it("R4: plan_code works without a subscription, in UTC and by the calendar", async () => {
    const tenantId = aTenant();
    const planCode = await newPlan(app, hard("items", 5n));
    const { event, status } = await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 5n, planCode });
    expect(status).toMatchObject({ current: 5n, limit: 5n, planCode, limitSource: LimitSource.REQUESTED_PLAN });
    for (const shown of [event, status]) {
      expect(isoOf(shown?.periodStart)).toBe("2027-03-01T00:00:00.000Z");
      expect(isoOf(shown?.periodEnd)).toBe("2027-04-01T00:00:00.000Z");
    }
    expect(await reasonOf(app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n }))).toBe("NO_PLAN");
    const advice = await app.quota.checkQuota({ tenantId, metricCode: "items", amount: 1n, planCode });
    expect(advice).toMatchObject({ allowed: false, status: { current: 5n } });
  });

  it("R4: zone and anchor of a call with plan_code are the subscription's", async () => {
    const requested = await newPlan(app, hard("items", 5n, PeriodKind.MONTH));
    const own = await newPlan(app);
    const zoned = aTenant();
    await subscribe(app, zoned, own, { timeZone: "America/New_York" });
    const anchored = aTenant();
    const anchor = { seconds: BigInt(Date.UTC(2027, 0, 15, 6) / 1_000), nanos: 0 };
    await subscribe(app, anchored, own, { anchor });
    const periodOf = async (tenantId: string) => {
      const request = { tenantId, metricCode: "items", amount: 1n, planCode: requested };
      const { status: asked } = await app.quota.checkQuota(request);
      const { event } = await app.quota.recordUsage(request);
      expect(isoOf(asked?.periodEnd)).toBe(isoOf(event?.periodEnd));
      return [isoOf(event?.periodStart), isoOf(event?.periodEnd)];
    };
    expect(await periodOf(zoned)).toEqual(["2027-03-01T05:00:00.000Z", "2027-04-01T04:00:00.000Z"]);
    expect(await periodOf(anchored)).toEqual(["2027-02-15T06:00:00.000Z", "2027-03-15T06:00:00.000Z"]);
  });

  it("R4: an unknown plan_code is PLAN_NOT_FOUND, even where the tenant's own plan would do", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n));
    const notFound = { code: "NOT_FOUND", reason: "PLAN_NOT_FOUND", numbers: { plan_code: "no-such.plan" } };
    const question = { tenantId, metricCode: "items", amount: 1n, planCode: "no-such.plan" };
    expect(await refused(app.quota.recordUsage(question))).toEqual(notFound);
    expect(await refused(app.quota.checkQuota(question))).toEqual(notFound);
    expect(await readCounters(app.database, tenantId)).toEqual([]);
  });

  it.each([
    ["neither limit nor unlimited", {}],
    ["both limit and unlimited", { limit: 5n, unlimited: true }],
    ["a limit of 0 and unlimited", { limit: 0n, unlimited: true }],
    ["unlimited: false alone", { unlimited: false }],
  ])("R3: a plan with %s is refused, and an override likewise", async (_, choice) => {
    const code = "forgetful";
    const limit = { metricCode: "items", enforcement: LimitEnforcement.HARD, ...choice };
    expect(await reasonOf(app.plans.createPlan({ plan: { code, limits: [limit] } }))).toBe("INVALID_REQUEST");
    expect(await reasonOf(app.plans.getPlan({ code }))).toBe("PLAN_NOT_FOUND");
    const override = { tenantId: aTenant(), metricCode: "items", ...choice };
    expect(await reasonOf(app.subscriptions.putLimitOverride({ override }))).toBe("INVALID_REQUEST");
  });

  it("R3: a plan without a kind counts by the month, and without an enforcement is refused", async () => {
    const tenantId = aTenant();
    const code = await newPlan(app, { metricCode: "items", limit: 1n, enforcement: LimitEnforcement.SOFT });
    const { plan } = await app.plans.getPlan({ code });
    expect(plan?.limits).toMatchObject([{ periodKind: PeriodKind.MONTH, limit: 1n, unlimited: false }]);
    await subscribe(app, tenantId, code);
    expect((await app.quota.getStatus({ tenantId })).metrics).toMatchObject([{ periodKind: PeriodKind.MONTH }]);
    const limits = [{ metricCode: "items", limit: 1n }];
    expect(await reasonOf(app.plans.createPlan({ plan: { code: "forgetful", limits } }))).toBe("INVALID_REQUEST");
  });

  it("R3: unlimited is shown as unlimited, and a limit of 0 as 0", async () => {
    const code = await newPlan(app, unlimited("free"), hard("closed", 0n));
    const { plan } = await app.plans.getPlan({ code });
    expect(plan?.limits).toMatchObject([
      { metricCode: "closed", limit: 0n, unlimited: false },
      { metricCode: "free", unlimited: true },
    ]);
    expect(plan?.limits[1]?.limit).toBeUndefined();
  });
});
