import { beforeEach, describe, expect, it } from "vitest";
import type { CounterKey } from "../../../src/domain/counter-key.ts";
import { overrideTerms } from "../../../src/domain/limit-override.ts";
import { subscriptionTerms } from "../../../src/domain/subscription.ts";
import type { DecisionBasis, DecisionQuestion } from "../../../src/repositories/usage-unit-of-work.ts";
import {
  aCode,
  aLimitOverride,
  aMoment,
  aPlan,
  aQuotaLimit,
  aSubscription,
  aTenant,
  aUsage,
  dayMs,
  newUsage,
} from "../../support/builders.ts";
import { insertPlans, question, withDefaultPlan, write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** What a decision is made from: limits and remembered keys. */
export function describeUsageDecisionBasis(storage: CurrentStorage): void {
  beforeEach(async () => {
    await storage().setClock(aMoment);
  });

  async function readBasis(counters: readonly CounterKey[], parts: Partial<DecisionQuestion>): Promise<DecisionBasis> {
    const tenantIds = parts.tenantIds ?? [...new Set(counters.map(({ tenantId }) => tenantId))];
    return await storage().usageUnitOfWork.run(tenantIds, async (ledger) => {
      await ledger.lockOpenRecords(counters);
      return await ledger.readDecisionBasis(question({ tenantIds, counters, ...parts }));
    });
  }

  describe("the limits of a decision", () => {
    const [metricCode, otherMetric] = [aCode("metric"), aCode("metric")];
    const limit = aQuotaLimit({ metricCode, limit: 42n, enforcement: "SOFT", periodKind: "DAY" });
    const unlimited = aQuotaLimit({ metricCode: otherMetric, limit: null });

    it("hold the tenant's subscription and the subscribed plan's limits of the metrics asked for", async () => {
      const plan = aPlan({ limits: [limit, unlimited] });
      const subscription = aSubscription({ planCode: plan.code, anchor: aMoment - dayMs });
      await insertPlans(storage(), plan);
      const { tenantId } = subscription;
      await storage().control.change([tenantId], (store) => store.subscriptions.put(subscription));
      const counters = [
        { tenantId, metricCode },
        { tenantId, metricCode: otherMetric },
      ];
      const { limits } = await readBasis(counters, {});
      expect([...limits.subscriptions]).toStrictEqual([[tenantId, subscriptionTerms(subscription)]]);
      expect(limits.plans.get(plan.code)?.code).toBe(plan.code);
      expect(limits.plans.get(plan.code)?.limits.get(metricCode)).toStrictEqual(limit);
      expect(limits.plans.get(plan.code)?.limits.get(otherMetric)).toStrictEqual(unlimited);
    });

    it("hold a plan that is named in a call, with or without a subscription, and none that is not", async () => {
      const [named, subscribed, other] = [limit, unlimited, limit].map((one) => aPlan({ limits: [one] }));
      if (named === undefined || subscribed === undefined || other === undefined) throw new Error("three plans");
      await insertPlans(storage(), named, subscribed, other);
      const subscription = aSubscription({ planCode: subscribed.code });
      const [tenantId, lonelyTenant] = [subscription.tenantId, aTenant()];
      await storage().control.change([tenantId], (store) => store.subscriptions.put(subscription));
      const counters = [
        { tenantId, metricCode },
        { tenantId: lonelyTenant, metricCode },
      ];
      const absent = aCode("plan");
      const { limits } = await readBasis(counters, { planCodes: [named.code, absent] });
      expect(limits.plans.get(named.code)?.limits.get(metricCode)).toStrictEqual(limit);
      expect(limits.plans.has(subscribed.code)).toBe(true);
      expect(limits.plans.has(other.code)).toBe(false);
      expect(limits.plans.has(absent)).toBe(false);
      expect(limits.subscriptions.has(lonelyTenant)).toBe(false);
    });

    it("hold a plan that has no limit for the metric, so that it is told from a plan that does not exist", async () => {
      const plan = aPlan({ limits: [unlimited] });
      const bare = aPlan({ limits: [] });
      await insertPlans(storage(), plan, bare);
      const counters = [{ tenantId: aTenant(), metricCode }];
      const { limits } = await readBasis(counters, { planCodes: [plan.code, bare.code] });
      for (const { code } of [plan, bare]) {
        expect(limits.plans.has(code)).toBe(true);
        expect(limits.plans.get(code)?.limits.has(metricCode)).toBe(false);
      }
    });

    it("hold the default plan and its code, and neither once it is no longer the default", async () => {
      const plan = aPlan({ limits: [limit] });
      const counters = [{ tenantId: aTenant(), metricCode }];
      await withDefaultPlan(storage(), plan, async () => {
        const { limits } = await readBasis(counters, {});
        expect(limits.defaultPlanCode).toBe(plan.code);
        expect(limits.plans.get(plan.code)?.limits.get(metricCode)).toStrictEqual(limit);
      });
      const { limits } = await readBasis(counters, {});
      expect(limits.defaultPlanCode).not.toBe(plan.code);
      expect(limits.plans.has(plan.code)).toBe(false);
    });

    it("hold the overrides of the counters asked for, by the storage's clock and not the process's", async () => {
      const tenantId = aTenant();
      const lasting = aLimitOverride({ tenantId, metricCode, limit: null });
      const ending = aLimitOverride({ tenantId, enforcement: "SOFT", expiresAt: aMoment + 1 });
      const foreign = aLimitOverride({ metricCode });
      await storage().control.change([tenantId, foreign.tenantId], async (store) => {
        for (const override of [lasting, ending, foreign]) await store.overrides.put(override);
      });
      const { limits } = await readBasis([lasting, ending], { tenantIds: [tenantId] });
      expect(limits.overrides.get(lasting.tenantId)?.get(lasting.metricCode)).toStrictEqual(overrideTerms(lasting));
      expect(limits.overrides.get(ending.tenantId)?.get(ending.metricCode)).toStrictEqual(overrideTerms(ending));
      expect(limits.overrides.has(foreign.tenantId)).toBe(false);
    });

    it("are several tenants' own when several are asked for", async () => {
      const plan = aPlan({ limits: [limit] });
      const other = aPlan({ limits: [unlimited] });
      const plans = [plan, other];
      const sharedTerms = { planCode: plan.code };
      const subscriptions = [
        aSubscription(sharedTerms),
        aSubscription(sharedTerms),
        aSubscription({ ...sharedTerms, anchor: aMoment }),
        aSubscription({ ...sharedTerms, timeZone: "Asia/Tokyo" }),
        aSubscription({ planCode: other.code }),
      ];
      const tenantIds = subscriptions.map(({ tenantId }) => tenantId);
      await insertPlans(storage(), ...plans);
      await storage().control.change(tenantIds, async (store) => {
        for (const subscription of subscriptions) await store.subscriptions.put(subscription);
      });
      const { limits } = await readBasis(
        tenantIds.map((tenantId) => ({ tenantId, metricCode })),
        {},
      );
      expect(limits.subscriptions).toEqual(new Map(subscriptions.map((one) => [one.tenantId, subscriptionTerms(one)])));
      for (const { code } of plans) expect(limits.plans.has(code)).toBe(true);
    });
  });

  describe("remembered keys", () => {
    it("stand for their events, field by field as they were stored", async () => {
      const { record, events } = aUsage({}, { idempotencyKey: "order-1", metadata: '{"a":1}', amount: 3n });
      await write(storage(), newUsage({ record, events }));
      const { tenantId } = record;
      const basis = await readBasis([record], { idempotencyKeys: [{ tenantId, idempotencyKey: "order-1" }] });
      expect(basis.keyedEvents).toStrictEqual(events);
    });

    it("are found whatever metric is counted now", async () => {
      const { record, events } = aUsage({}, { idempotencyKey: "order-1" });
      await write(storage(), newUsage({ record, events }));
      const { tenantId } = record;
      const counters = [{ tenantId, metricCode: aCode("metric") }];
      const basis = await readBasis(counters, { idempotencyKeys: [{ tenantId, idempotencyKey: "order-1" }] });
      expect(basis.keyedEvents).toEqual(events);
    });

    it("are those asked for, of the tenant asked for, to the letter", async () => {
      const [asked, neighbour] = [aUsage({}, { idempotencyKey: "order-1" }), aUsage({}, { idempotencyKey: "order-1" })];
      const { tenantId } = asked.record;
      const others = ["order-2", "Order-1"].map((idempotencyKey) => aUsage({ tenantId }, { idempotencyKey }));
      await write(storage(), newUsage(asked, neighbour, ...others, aUsage({ tenantId })));
      const keys = ["order-1", "order-3", "order-1 ", "order_1", "ORDER-1"];
      const basis = await readBasis([asked.record, neighbour.record], {
        idempotencyKeys: keys.map((idempotencyKey) => ({ tenantId, idempotencyKey })),
      });
      expect(basis.keyedEvents).toEqual(asked.events);
    });

    it("do not mix up the tenants and keys of different calls", async () => {
      const [a, b] = [aUsage({}, { idempotencyKey: "order-1" }), aUsage({}, { idempotencyKey: "order-2" })];
      await write(storage(), newUsage(a, b));
      const crossed = [
        { tenantId: a.record.tenantId, idempotencyKey: "order-2" },
        { tenantId: b.record.tenantId, idempotencyKey: "order-1" },
      ];
      const basis = await readBasis([a.record, b.record], { idempotencyKeys: crossed });
      expect(basis.keyedEvents).toEqual([]);
    });
  });
}
