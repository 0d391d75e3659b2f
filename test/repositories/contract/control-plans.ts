import { describe, expect, it } from "vitest";
import { counterMax, planLimitsMax } from "../../../src/domain/bounds.ts";
import { PlanInUseError } from "../../../src/domain/errors/plan-errors.ts";
import { limitEnforcements } from "../../../src/domain/limit-enforcement.ts";
import { periodKinds } from "../../../src/domain/period-kind.ts";
import { sortLimits } from "../../../src/domain/plan.ts";
import { ConcurrentChangeError } from "../../../src/repositories/storage-errors.ts";
import { aCode, aMoment, aPlan, aQuotaLimit, aSubscription, aTenant } from "../../support/builders.ts";
import {
  expectLostRace,
  failureOf,
  findPlan,
  insertPlans,
  isWaiting,
  readAs,
  rerunAfterLostRace,
  withDefaultPlan,
} from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** Codes in their one order, by UTF-16 code unit; a database that sorts by language puts them otherwise. */
const sortedSuffixes = ["-b", ".b", "1", "_b", "a-c", "a.b", "a1", "a_a", "aa", "b"];

export function describePlans(storage: CurrentStorage): void {
  describe("a plan", () => {
    it("comes back exactly, limits of every kind included", async () => {
      const limits = periodKinds.flatMap((periodKind) =>
        limitEnforcements.map((enforcement) => aQuotaLimit({ periodKind, enforcement })),
      );
      const bounds = [0n, 1n, counterMax, null].map((limit) => aQuotaLimit({ limit }));
      const plan = aPlan({
        displayName: "Größe „XL“ \u{1f680} 'quoted'",
        limits: sortLimits([...limits, ...bounds]),
        revision: 2n ** 40n,
        createdAt: aMoment - 1,
        updatedAt: aMoment + 1,
      });
      await insertPlans(storage(), plan);
      expect(await findPlan(storage(), plan.code)).toStrictEqual(plan);
    });

    it("may have no limits, or as many as a plan can have", async () => {
      const many = Array.from({ length: planLimitsMax }, () => aQuotaLimit());
      for (const plan of [aPlan({ limits: [] }), aPlan({ limits: sortLimits(many) })]) {
        await insertPlans(storage(), plan);
        expect(await findPlan(storage(), plan.code)).toStrictEqual(plan);
      }
    });

    it("has its limits in the order of their metric codes, by code unit", async () => {
      const limits = sortedSuffixes.map((suffix) => aQuotaLimit({ metricCode: `m${suffix}` }));
      const plan = aPlan({ limits });
      await insertPlans(storage(), plan);
      expect((await findPlan(storage(), plan.code))?.limits).toEqual(limits);
      expect(limits).toEqual(sortLimits(limits));
    });

    it("is not found under a code that no plan has", async () => {
      expect(await findPlan(storage(), aCode("plan"))).toBeUndefined();
      const found = await readAs(storage(), [], ({ plans }) => plans.findForUpdate(aCode("plan")));
      expect(found).toBeUndefined();
    });

    it("is seen by others as soon as its transaction has ended", async () => {
      const plan = aPlan();
      await insertPlans(storage(), plan);
      expect(await findPlan(storage(), plan.code)).toEqual(plan);
    });

    it("is seen with every change of its own transaction at once, though it had been read before", async () => {
      const plan = aPlan({ code: aCode("own") });
      const { code } = plan;
      const changed = { ...plan, displayName: "Renamed", limits: [aQuotaLimit({ limit: null })], revision: 2n };
      const seen = await storage().control.change([], async ({ plans }) => {
        const look = async () => [
          await plans.find(code),
          await plans.findForUpdate(code),
          (await plans.list(code.slice(0, -1), 1_000)).filter((listed) => listed.code === code),
        ];
        const absent = await look();
        await plans.insert(plan);
        const created = await look();
        await plans.replace(changed);
        const replaced = await look();
        await plans.delete(code);
        return [absent, created, replaced, await look()];
      });
      expect(seen).toStrictEqual([
        [undefined, undefined, []],
        [plan, plan, [plan]],
        [changed, changed, [changed]],
        [undefined, undefined, []],
      ]);
    });
  });

  describe("inserting", () => {
    it("throws ConcurrentChangeError when the code is taken, and keeps the plan that was there", async () => {
      const plan = aPlan();
      const neighbour = aPlan();
      await insertPlans(storage(), plan);
      await expectLostRace(insertPlans(storage(), neighbour, aPlan({ code: plan.code })));
      expect(await findPlan(storage(), plan.code)).toEqual(plan);
      expect(await findPlan(storage(), neighbour.code)).toBeUndefined();
    });

    it("throws ConcurrentChangeError when several insert one code at once, for all but one", async () => {
      const code = aCode("plan");
      const plans = Array.from({ length: 5 }, () => aPlan({ code, displayName: aCode("name") }));
      const outcomes = await Promise.allSettled(plans.map((plan) => insertPlans(storage(), plan)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const losers = outcomes.filter((outcome) => outcome.status === "rejected");
      for (const { reason } of losers) expect(reason).toBeInstanceOf(ConcurrentChangeError);
      const winner = plans[outcomes.findIndex(({ status }) => status === "fulfilled")];
      expect((await findPlan(storage(), code))?.displayName).toBe(winner?.displayName);
    });
  });

  describe("replacing", () => {
    it("replaces name, revision, time and the whole list of limits, but not the creation time", async () => {
      const [kept, changed, removed] = ["kept", "changed", "removed"].map((metricCode) => aQuotaLimit({ metricCode }));
      if (kept === undefined || changed === undefined || removed === undefined) throw new Error("three limits");
      const plan = aPlan({ limits: sortLimits([kept, changed, removed]) });
      const neighbour = aPlan({ limits: sortLimits([kept, changed, removed]) });
      await insertPlans(storage(), plan, neighbour);
      const limits = sortLimits([
        kept,
        { ...changed, limit: null, enforcement: "SOFT", periodKind: "YEAR" },
        aQuotaLimit({ metricCode: "added" }),
      ]);
      const next = { ...plan, displayName: "Renamed", limits, revision: 2n, updatedAt: aMoment + 5 };
      const within = await storage().control.change([], async ({ plans }) => {
        await plans.replace({ ...next, createdAt: aMoment + 5 });
        return await plans.find(plan.code);
      });
      expect(within).toEqual(next);
      expect(await findPlan(storage(), plan.code)).toStrictEqual(next);
      expect(await findPlan(storage(), neighbour.code)).toStrictEqual(neighbour);
    });

    it("does not race when the plan was found for update: twenty revisions end at twenty more", async () => {
      const plan = aPlan();
      await insertPlans(storage(), plan);
      const raise = () =>
        storage().control.change([], async ({ plans }) => {
          const found = await plans.findForUpdate(plan.code);
          if (found === undefined) throw new Error("the plan must exist");
          await plans.replace({ ...found, revision: found.revision + 1n });
        });
      await Promise.all(Array.from({ length: 20 }, () => rerunAfterLostRace(raise)));
      expect((await findPlan(storage(), plan.code))?.revision).toBe(21n);
    });

    it("makes others who find it for update wait, and see the replaced plan then", async () => {
      const plan = aPlan();
      await insertPlans(storage(), plan);
      const [isFound, isReleased] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const first = storage().control.change([], async ({ plans }) => {
        await plans.findForUpdate(plan.code);
        isFound.resolve();
        await isReleased.promise;
        await plans.replace({ ...plan, limits: [], revision: 2n });
      });
      await isFound.promise;
      const second = readAs(storage(), [], ({ plans }) => plans.findForUpdate(plan.code));
      const secondWaited = await isWaiting(second);
      isReleased.resolve();
      await first;
      expect(await second).toEqual({ ...plan, limits: [], revision: 2n });
      expect(secondWaited).toBe(true);
    });
  });

  describe("deleting", () => {
    it("removes the plan with its limits, so that the code can be used again", async () => {
      const plan = aPlan();
      const next = aPlan({ code: plan.code, displayName: "Another plan of the same code" });
      await insertPlans(storage(), plan);
      await storage().control.change([], ({ plans }) => plans.delete(plan.code));
      expect(await findPlan(storage(), plan.code)).toBeUndefined();
      await insertPlans(storage(), next);
      expect(await findPlan(storage(), plan.code)).toStrictEqual(next);
    });

    it("throws PlanInUseError when any tenant subscribes to it, named or not, and removes nothing", async () => {
      const plan = aPlan();
      const subscription = aSubscription({ planCode: plan.code });
      await insertPlans(storage(), plan);
      await storage().control.change([subscription.tenantId], (store) => store.subscriptions.put(subscription));
      for (const tenantIds of [[], [aTenant()], [subscription.tenantId]]) {
        const failure = await failureOf(storage().control.change(tenantIds, ({ plans }) => plans.delete(plan.code)));
        expect(failure).toBeInstanceOf(PlanInUseError);
        expect(failure).toMatchObject({ planCode: plan.code, use: "SUBSCRIBED" });
      }
      expect(await findPlan(storage(), plan.code)).toEqual(plan);
    });

    it("succeeds once the last subscription is gone or on another plan, in the same transaction too", async () => {
      const [plan, other] = [aPlan(), aPlan()];
      const [leaving, changing] = [aSubscription({ planCode: plan.code }), aSubscription({ planCode: plan.code })];
      await insertPlans(storage(), plan, other);
      await storage().control.change([leaving.tenantId, changing.tenantId], async (store) => {
        await store.subscriptions.put(leaving);
        await store.subscriptions.put(changing);
      });
      await storage().control.change([leaving.tenantId, changing.tenantId], async (store) => {
        await store.subscriptions.delete(leaving.tenantId);
        await store.subscriptions.put({ ...changing, planCode: other.code });
        await store.plans.delete(plan.code);
      });
      expect(await findPlan(storage(), plan.code)).toBeUndefined();
    });

    it("changes nothing when there is no such plan", async () => {
      await storage().control.change([], ({ plans }) => plans.delete(aCode("plan")));
    });
  });

  describe("the default plan", () => {
    it("is found by itself, locked or not", async () => {
      const plan = aPlan({ isDefault: true });
      await withDefaultPlan(storage(), plan, async () => {
        expect(await readAs(storage(), [], ({ plans }) => plans.findDefaultForUpdate())).toStrictEqual(plan);
        expect(await readAs(storage(), [], ({ plans }) => plans.findDefault())).toStrictEqual(plan);
        expect(await storage().control.readAllTenants(({ plans }) => plans.findDefault())).toStrictEqual(plan);
      });
    });

    it("is none when no plan is the default", async () => {
      const plan = aPlan({ isDefault: true });
      await withDefaultPlan(storage(), plan, async () => {
        const found = await storage().control.change([], async ({ plans }) => {
          await plans.replace({ ...plan, isDefault: false });
          return [await plans.findDefault(), await plans.findDefaultForUpdate()];
        });
        expect(found).toEqual([undefined, undefined]);
        expect(await storage().control.readAllTenants(({ plans }) => plans.findDefault())).toBeUndefined();
      });
    });

    it("is one at most: a second one throws ConcurrentChangeError, inserted or replaced", async () => {
      const plan = aPlan({ isDefault: true });
      const [second, ordinary] = [aPlan({ isDefault: true }), aPlan()];
      await insertPlans(storage(), ordinary);
      await withDefaultPlan(storage(), plan, async () => {
        await expectLostRace(insertPlans(storage(), second));
        expect(await findPlan(storage(), second.code)).toBeUndefined();
        const replace = storage().control.change([], (store) => store.plans.replace({ ...ordinary, isDefault: true }));
        await expectLostRace(replace);
        expect(await findPlan(storage(), ordinary.code)).toEqual(ordinary);
        expect(await storage().control.readAllTenants(({ plans }) => plans.findDefault())).toEqual(plan);
      });
    });
  });

  describe("the list of plans", () => {
    it("is in the order of their codes, by code unit, and comes in pages without gaps", async () => {
      const prefix = aCode("list");
      const sorted = sortedSuffixes.map((suffix) => aPlan({ code: `${prefix}${suffix}` }));
      await insertPlans(storage(), ...sorted.toReversed());
      const list = (after: string, limit: number) =>
        storage().control.readAllTenants(({ plans }) => plans.list(after, limit));
      expect(await list(prefix, sorted.length)).toStrictEqual(sorted);
      expect(await list(prefix, 3)).toEqual(sorted.slice(0, 3));
      for (const [index, plan] of sorted.slice(0, -1).entries()) {
        expect(await list(plan.code, 1)).toEqual([sorted[index + 1]]);
      }
    });

    it("starts at the first plan without a position, and is empty after the last", async () => {
      const plan = aPlan({ code: "a" });
      const found = await findPlan(storage(), plan.code);
      if (found === undefined) await insertPlans(storage(), plan);
      const list = (after: string | undefined, limit: number) =>
        storage().control.readAllTenants(({ plans }) => plans.list(after, limit));
      expect((await list(undefined, 1)).map(({ code }) => code)).toEqual(["a"]);
      expect(await list("z".repeat(101), 10)).toEqual([]);
    });
  });
}
