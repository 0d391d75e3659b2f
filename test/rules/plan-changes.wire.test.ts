import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LimitSource, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import {
  hard,
  newPlan,
  noon,
  planInit,
  reasonOf,
  refusalIn,
  refused,
  setLimits,
  soft,
  subscribe,
  tenantOn,
} from "./fixtures.ts";
import { countEvents, query, readCounters } from "./stored-rows.ts";

/** Two apps on one database: what one changes, the other decides by. */
describe("changes of plan, subscription and override", () => {
  let app: TestApp;
  let other: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    await app.setClock(noon);
    other = await startTestApp({ database: app.database });
  });

  afterAll(async () => {
    await other.stop();
    await app.stop();
  });

  const useOn = (at: TestApp, tenantId: string, amount: bigint, planCode?: string) =>
    at.quota.recordUsage({ tenantId, metricCode: "items", amount, ...(planCode === undefined ? {} : { planCode }) });

  it("R5: a changed plan decides the next call in every process, and rewrites no event", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n));
    for (const at of [app, other]) await useOn(at, tenantId, 2n);
    const before = await app.quota.listEvents({ tenantId });

    for (const [limit, changing, deciding] of [
      [6n, app, other],
      [7n, other, app],
    ] as const) {
      await setLimits(changing, planCode, hard("items", limit));
      const { numbers } = await refused(useOn(deciding, tenantId, 9n));
      expect(numbers).toMatchObject({ limit: `${limit}`, current: "4" });
      const { metrics } = await deciding.quota.getStatus({ tenantId });
      expect(metrics).toMatchObject([{ limit, current: 4n }]);
      const advice = await deciding.quota.checkQuota({ tenantId, metricCode: "items", amount: limit - 4n });
      expect(advice).toMatchObject({ allowed: true, remaining: 0n });
    }
    expect(await app.quota.listEvents({ tenantId })).toEqual(before);
  });

  it("R5: enforcement changes from the next call on", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 1n));
    await useOn(app, tenantId, 1n);
    await setLimits(app, planCode, soft("items", 1n));
    expect(await useOn(other, tenantId, 1n)).toMatchObject({ overLimit: true });
    await setLimits(other, planCode, hard("items", 1n));
    expect(await reasonOf(useOn(app, tenantId, 1n))).toBe("QUOTA_EXCEEDED");
  });

  it("R5: a metric that leaves the plan is refused from the next call on, and its counter waits for it", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n));
    await useOn(app, tenantId, 4n);
    await setLimits(app, planCode);
    expect(await reasonOf(useOn(other, tenantId, 1n))).toBe("METRIC_NOT_IN_PLAN");
    expect((await other.quota.getStatus({ tenantId })).metrics).toEqual([]);
    await setLimits(app, planCode, hard("items", 5n));
    expect((await useOn(other, tenantId, 1n)).event).toMatchObject({ usageAfter: 5n, sequence: 2n });
  });

  it("R5: a subscription to another plan decides the next call in every process and keeps the counter", async () => {
    const small = await newPlan(app, hard("items", 5n));
    const large = await newPlan(app, hard("items", 100n));
    const tenantId = aTenant();
    await subscribe(app, tenantId, small);
    await useOn(other, tenantId, 5n);
    expect(await reasonOf(useOn(other, tenantId, 1n))).toBe("QUOTA_EXCEEDED");
    await subscribe(app, tenantId, large);
    expect((await useOn(other, tenantId, 45n)).event).toMatchObject({ usageAfter: 50n, sequence: 2n, planCode: large });
    expect((await other.quota.listEvents({ tenantId })).events.map(({ planCode }) => planCode)).toEqual([large, small]);
  });

  it("R5: a downgrade below current usage refuses further use, with negative remaining", async () => {
    const { tenantId, planCode: large } = await tenantOn(app, hard("items", 100n));
    await useOn(app, tenantId, 50n);
    const small = await newPlan(app, hard("items", 10n));
    await subscribe(app, tenantId, small);
    expect(await refused(useOn(other, tenantId, 1n))).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "QUOTA_EXCEEDED",
      numbers: { limit: "10", current: "50", requested: "1", remaining: "-40", plan_code: small },
    });
    const { metrics } = await other.quota.getStatus({ tenantId });
    expect(metrics).toMatchObject([{ current: 50n, limit: 10n, remaining: -40n }]);
    const advice = await other.quota.checkQuota({ tenantId, metricCode: "items", amount: 1n });
    expect(advice).toMatchObject({ allowed: false, wouldExceed: true, remaining: -41n });
    await subscribe(app, tenantId, large);
    expect((await useOn(other, tenantId, 50n)).status).toMatchObject({ current: 100n, remaining: 0n });
  });

  it("R5: an override decides the next call in every process", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 1n));
    await useOn(other, tenantId, 1n);
    await app.subscriptions.putLimitOverride({ override: { tenantId, metricCode: "items", limit: 2n } });
    expect((await useOn(other, tenantId, 1n)).event).toMatchObject({ limitSource: LimitSource.OVERRIDE });
    await other.subscriptions.deleteLimitOverride({ tenantId, metricCode: "items" });
    expect(await refused(useOn(app, tenantId, 1n))).toMatchObject({ numbers: { limit: "1", remaining: "-1" } });
  });

  it("R5: a plan that becomes the default, or ceases to be it, decides the next call in every process", async () => {
    const code = await newPlan(app, hard("items", 5n));
    const tenantId = aTenant();
    expect(await reasonOf(useOn(other, tenantId, 1n))).toBe("NO_PLAN");
    const set = async (isDefault: boolean) => {
      const { plan } = await app.plans.getPlan({ code });
      await app.plans.updatePlan({ plan: { ...planInit(plan), limits: plan?.limits ?? [], isDefault } });
    };
    await set(true);
    expect((await useOn(other, tenantId, 1n)).event).toMatchObject({ planCode: code });
    expect(await reasonOf(app.plans.deletePlan({ code }))).toBe("PLAN_IN_USE");
    await set(false);
    expect(await reasonOf(useOn(other, tenantId, 1n))).toBe("NO_PLAN");
    await app.plans.deletePlan({ code });
  });

  it("R6: the default plan cannot be deleted", async () => {
    const code = await newPlan(app, hard("items", 5n));
    const { plan } = await app.plans.getPlan({ code });
    await app.plans.updatePlan({ plan: { ...planInit(plan), isDefault: true } });
    expect(await refused(app.plans.deletePlan({ code }))).toEqual({
      code: "FAILED_PRECONDITION",
      reason: "PLAN_IN_USE",
      numbers: { plan_code: code, is_default: "true" },
    });
    expect((await app.plans.getPlan({ code })).plan?.isDefault).toBe(true);
    await app.plans.updatePlan({ plan: { ...planInit(plan), revision: 2n, isDefault: false } });
    await app.plans.deletePlan({ code });
    expect(await reasonOf(app.plans.getPlan({ code }))).toBe("PLAN_NOT_FOUND");
  });

  it("R6: a plan with a subscription cannot be deleted, and keeps its limits; without, it can", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n));
    await useOn(app, tenantId, 1n);
    expect(await refused(app.plans.deletePlan({ code: planCode }))).toEqual({
      code: "FAILED_PRECONDITION",
      reason: "PLAN_IN_USE",
      numbers: { plan_code: planCode, is_default: "false" },
    });
    expect((await useOn(other, tenantId, 1n)).status).toMatchObject({ current: 2n, limit: 5n });
    await app.subscriptions.deleteSubscription({ tenantId });
    await app.plans.deletePlan({ code: planCode });
    expect(await reasonOf(subscribeAgain(tenantId, planCode))).toBe("PLAN_NOT_FOUND");
    expect((await app.quota.listEvents({ tenantId })).events.map((event) => event.planCode)).toEqual([
      planCode,
      planCode,
    ]);
    expect(await readCounters(app.database, tenantId)).toMatchObject([{ current_usage: "2" }]);
  });

  const subscribeAgain = (tenantId: string, planCode: string) =>
    app.subscriptions.putSubscription({ subscription: { tenantId, planCode } });

  it("R6: a plan that only a call names can be deleted, and the next such call is refused", async () => {
    const tenantId = aTenant();
    const code = await newPlan(app, hard("items", 5n));
    await useOn(app, tenantId, 1n, code);
    await app.plans.deletePlan({ code });
    expect(await reasonOf(useOn(other, tenantId, 1n, code))).toBe("PLAN_NOT_FOUND");
    await app.plans.createPlan({ plan: { code, limits: [hard("items", 2n)] } });
    expect((await useOn(other, tenantId, 1n, code)).event).toMatchObject({ usageAfter: 2n, limit: 2n });
  });

  it("R6: of a deletion and a subscription at the same moment exactly one wins", async () => {
    for (let round = 0; round < 8; round += 1) {
      const tenantId = aTenant();
      const code = await newPlan(app, hard("items", 5n));
      const [deletion, subscription] = await Promise.allSettled([
        app.plans.deletePlan({ code }),
        other.subscriptions.putSubscription({ subscription: { tenantId, planCode: code } }),
      ]);
      expect([deletion.status, subscription.status].sort()).toEqual(["fulfilled", "rejected"]);
      const loser = deletion.status === "rejected" ? deletion : subscription;
      const reason = loser.status === "rejected" ? refusalIn(loser.reason).reason : undefined;
      expect(reason).toBe(deletion.status === "rejected" ? "PLAN_IN_USE" : "PLAN_NOT_FOUND");
    }
  });

  it("R6: deleting a subscription keeps history and the open counter, and subscribing again continues it", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n, PeriodKind.YEAR));
    await useOn(app, tenantId, 3n);
    const counters = await query(app.database, "select * from quota_usage_record where tenant_id = $1", [tenantId]);
    await app.subscriptions.deleteSubscription({ tenantId });

    expect(await reasonOf(useOn(other, tenantId, 1n))).toBe("NO_PLAN");
    expect(await reasonOf(other.subscriptions.getSubscription({ tenantId }))).toBe("SUBSCRIPTION_NOT_FOUND");
    expect((await other.quota.listEvents({ tenantId })).events).toMatchObject([{ amount: 3n, planCode }]);
    expect(await countEvents(app.database, tenantId)).toBe(1);
    const kept = await query(app.database, "select * from quota_usage_record where tenant_id = $1", [tenantId]);
    expect(kept).toEqual(counters);

    await subscribe(app, tenantId, planCode);
    expect((await useOn(other, tenantId, 2n)).event).toMatchObject({ usageAfter: 5n, sequence: 2n });
    expect(await reasonOf(useOn(app, tenantId, 1n))).toBe("QUOTA_EXCEEDED");
  });
});
