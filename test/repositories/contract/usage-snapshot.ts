import { beforeEach, describe, expect, it } from "vitest";
import { overrideTerms } from "../../../src/domain/limit-override.ts";
import type { Plan } from "../../../src/domain/plan.ts";
import { type Subscription, subscriptionTerms } from "../../../src/domain/subscription.ts";
import type { UsageRecord } from "../../../src/domain/usage-record.ts";
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
  type Usage,
} from "../../support/builders.ts";
import { insertPlans, withDefaultPlan, write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

const day = { periodKind: "DAY", periodStart: Date.UTC(2026, 2, 10), periodEnd: Date.UTC(2026, 2, 11) } as const;
const dayBefore = { ...day, periodStart: day.periodStart - dayMs, periodEnd: day.periodStart } as const;

/** Limits and counters in one snapshot. */
export function describeUsageSnapshot(storage: CurrentStorage): void {
  const [calls, seats] = [aCode("calls"), aCode("seats")];
  const callsPerDay = aQuotaLimit({ metricCode: calls, limit: 10n, periodKind: "DAY" });
  const seatsPerMonth = aQuotaLimit({ metricCode: seats, limit: null, enforcement: "SOFT" });
  let plan: Plan;
  let subscription: Subscription;
  let tenantId: string;

  beforeEach(async () => {
    await storage().setClock(aMoment);
    plan = aPlan({ limits: [callsPerDay, seatsPerMonth] });
    subscription = aSubscription({ planCode: plan.code });
    tenantId = subscription.tenantId;
    await insertPlans(storage(), plan);
    await subscribe(subscription);
  });

  async function subscribe(...subscriptions: readonly Subscription[]): Promise<void> {
    const tenantIds = subscriptions.map((one) => one.tenantId);
    await storage().control.change(tenantIds, async (store) => {
      for (const one of subscriptions) await store.subscriptions.put(one);
    });
  }

  function usage(fields: Partial<UsageRecord>): Usage {
    return aUsage({ tenantId, ...fields });
  }

  describe("readSnapshot", () => {
    it("tells the storage's clock, and nothing else when nothing is asked", async () => {
      const snapshot = await storage().usage.readSnapshot([]);
      expect(snapshot.now).toBe(aMoment);
      expect([...snapshot.limits.subscriptions]).toEqual([]);
      expect(snapshot.latestRecords).toEqual([]);
    });

    it("holds subscription, limit, override and counter of the metric asked for", async () => {
      const override = aLimitOverride({ tenantId, metricCode: calls });
      await storage().control.change([tenantId], (store) => store.overrides.put(override));
      const counter = usage({ ...day, metricCode: calls });
      await write(storage(), newUsage(counter));
      const snapshot = await storage().usage.readSnapshot([{ tenantId, metricCode: calls }]);
      expect(snapshot.now).toBe(aMoment);
      expect(snapshot.limits.subscriptions).toEqual(new Map([[tenantId, subscriptionTerms(subscription)]]));
      expect(snapshot.limits.plans.get(plan.code)?.limits.get(calls)).toStrictEqual(callsPerDay);
      expect(snapshot.limits.overrides.get(override.tenantId)?.get(override.metricCode)).toStrictEqual(
        overrideTerms(override),
      );
      expect(snapshot.latestRecords).toStrictEqual([counter.record]);
    });

    it("holds every limit, override and counter of the tenant's plan when no metric is named", async () => {
      const overrides = [calls, seats].map((metricCode) => aLimitOverride({ tenantId, metricCode }));
      await storage().control.change([tenantId], async (store) => {
        for (const override of overrides) await store.overrides.put(override);
      });
      const counters = [usage({ ...day, metricCode: calls }), usage({ metricCode: seats })];
      await write(storage(), newUsage(...counters));
      const { limits, latestRecords } = await storage().usage.readSnapshot([{ tenantId }]);
      expect(limits.plans.get(plan.code)?.limits).toEqual(
        new Map([
          [calls, callsPerDay],
          [seats, seatsPerMonth],
        ]),
      );
      for (const override of overrides)
        expect(limits.overrides.get(override.tenantId)?.get(override.metricCode)).toEqual(overrideTerms(override));
      expect(latestRecords).toHaveLength(2);
      expect(latestRecords).toEqual(expect.arrayContaining(counters.map(({ record }) => record)));
    });

    it("holds the latest record of a line, open or ended, and no earlier one", async () => {
      const [older, latest] = [usage({ ...dayBefore, metricCode: calls }), { ...day, metricCode: calls, ordinal: 2n }];
      const newer = usage(latest);
      await write(storage(), newUsage(older, newer));
      const questions = [{ tenantId, metricCode: calls }];
      expect((await storage().usage.readSnapshot(questions)).latestRecords).toEqual([newer.record]);
      await storage().setClock(day.periodEnd + dayMs);
      const later = await storage().usage.readSnapshot(questions);
      expect(later.now).toBe(day.periodEnd + dayMs);
      expect(later.latestRecords).toEqual([newer.record]);
    });

    it("leaves out the records of metrics in which no limit counts, and ended ones of other kinds", async () => {
      const counted = usage({ ...day, metricCode: calls, ordinal: 1n });
      const ended = { periodStart: Date.UTC(2025, 0, 1), periodEnd: Date.UTC(2026, 0, 1) };
      const otherKind = usage({ periodKind: "YEAR", ...ended, metricCode: calls, ordinal: 2n });
      const otherMetric = usage({ metricCode: aCode("metric") });
      await write(storage(), newUsage(counted, otherKind, otherMetric));
      for (const questions of [[{ tenantId, metricCode: calls }], [{ tenantId }]]) {
        expect((await storage().usage.readSnapshot(questions)).latestRecords).toEqual([counted.record]);
      }
    });

    it("holds the records of other kinds that have not ended, for the metric's clock", async () => {
      const counted = usage({ ...day, metricCode: calls, ordinal: 1n });
      const otherKind = usage({ metricCode: calls, ordinal: 2n });
      await write(storage(), newUsage(counted, otherKind));
      for (const questions of [[{ tenantId, metricCode: calls }], [{ tenantId }]]) {
        const { latestRecords } = await storage().usage.readSnapshot(questions);
        expect(latestRecords).toHaveLength(2);
        expect(latestRecords).toEqual(expect.arrayContaining([counted.record, otherKind.record]));
      }
    });

    it("counts in the kind of the plan named in the question, with or without a subscription", async () => {
      const named = aPlan({ limits: [aQuotaLimit({ metricCode: calls, periodKind: "YEAR" })] });
      await insertPlans(storage(), named);
      const lonelyTenant = aTenant();
      const year = { periodKind: "YEAR", periodStart: Date.UTC(2026, 0, 1), periodEnd: Date.UTC(2027, 0, 1) } as const;
      const yearly = usage({ ...year, metricCode: calls });
      const lonely = usage({ ...year, tenantId: lonelyTenant, metricCode: calls });
      await write(storage(), newUsage(yearly, lonely));
      for (const counter of [yearly, lonely]) {
        const { limits, latestRecords } = await storage().usage.readSnapshot([
          { tenantId: counter.record.tenantId, metricCode: calls, planCode: named.code },
        ]);
        expect(limits.plans.get(named.code)?.limits.get(calls)).toEqual(named.limits[0]);
        expect(latestRecords).toContainEqual(counter.record);
      }
    });

    it("holds no plan that does not exist, and no subscription of a tenant without one", async () => {
      const [lonelyTenant, absent] = [aTenant(), aCode("plan")];
      const { limits } = await storage().usage.readSnapshot([
        { tenantId: lonelyTenant, metricCode: calls, planCode: absent },
      ]);
      expect(limits.plans.has(absent)).toBe(false);
      expect(limits.subscriptions.has(lonelyTenant)).toBe(false);
    });

    it("holds the default plan for a tenant without a subscription, with its counters", async () => {
      const lonely = aUsage({ ...day, metricCode: calls });
      const defaultPlan = aPlan({ limits: [callsPerDay, seatsPerMonth] });
      await write(storage(), newUsage(lonely));
      await withDefaultPlan(storage(), defaultPlan, async () => {
        const question = { tenantId: lonely.record.tenantId };
        for (const questions of [[question], [{ ...question, metricCode: calls }]]) {
          const { limits, latestRecords } = await storage().usage.readSnapshot(questions);
          expect(limits.defaultPlanCode).toBe(defaultPlan.code);
          expect(limits.plans.get(defaultPlan.code)?.limits.get(calls)).toStrictEqual(callsPerDay);
          expect(latestRecords).toEqual([lonely.record]);
        }
      });
      const { limits } = await storage().usage.readSnapshot([{ tenantId: lonely.record.tenantId }]);
      expect(limits.defaultPlanCode).not.toBe(defaultPlan.code);
      expect(limits.plans.has(defaultPlan.code)).toBe(false);
    });

    it("answers for several tenants at once, each by its own plan, and for no other tenant", async () => {
      const otherPlan = aPlan({ limits: [aQuotaLimit({ metricCode: calls, limit: 5n })] });
      const [other, stranger] = [otherPlan, otherPlan].map(({ code }) => aSubscription({ planCode: code }));
      if (other === undefined || stranger === undefined) throw new Error("two subscriptions");
      await insertPlans(storage(), otherPlan);
      await subscribe(other, stranger);
      const own = usage({ ...day, metricCode: calls });
      const others = aUsage({ tenantId: other.tenantId, metricCode: calls });
      const strangers = aUsage({ tenantId: stranger.tenantId, metricCode: calls });
      await write(storage(), newUsage(own, others, strangers));
      const { limits, latestRecords } = await storage().usage.readSnapshot([
        { tenantId },
        { tenantId: other.tenantId, metricCode: calls },
      ]);
      expect(limits.subscriptions).toEqual(
        new Map([
          [tenantId, subscriptionTerms(subscription)],
          [other.tenantId, subscriptionTerms(other)],
        ]),
      );
      expect(limits.plans.get(plan.code)?.limits.get(seats)).toEqual(seatsPerMonth);
      expect(limits.plans.get(otherPlan.code)?.limits.get(calls)).toEqual(otherPlan.limits[0]);
      expect(latestRecords).toHaveLength(2);
      expect(latestRecords).toEqual(expect.arrayContaining([own.record, others.record]));
    });

    it("answers a question asked twice once", async () => {
      const counter = usage({ ...day, metricCode: calls });
      await write(storage(), newUsage(counter));
      const question = { tenantId, metricCode: calls };
      const { latestRecords } = await storage().usage.readSnapshot([question, question, { tenantId }]);
      expect(latestRecords).toEqual([counter.record]);
    });
  });
}
