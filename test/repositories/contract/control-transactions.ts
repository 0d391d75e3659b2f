import { beforeEach, describe, expect, it } from "vitest";
import type { LimitOverride } from "../../../src/domain/limit-override.ts";
import type { Plan } from "../../../src/domain/plan.ts";
import type { Subscription } from "../../../src/domain/subscription.ts";
import type { ControlStore } from "../../../src/repositories/control-unit-of-work.ts";
import {
  aCode,
  aControlChange,
  aLimitOverride,
  aMoment,
  aPlan,
  aSubscription,
  aTenant,
} from "../../support/builders.ts";
import { expectLostRace, expectRefusal, failureOf, findPlan, insertPlans, readAs } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** All or nothing, whose rows are seen and changed, and who sees a change when. */
export function describeControlTransactions(storage: CurrentStorage): void {
  let plan: Plan;
  let subscription: Subscription;
  let override: LimitOverride;
  let tenantId: string;

  beforeEach(async () => {
    await storage().setClock(aMoment);
    plan = aPlan();
    subscription = aSubscription({ planCode: plan.code });
    tenantId = subscription.tenantId;
    override = aLimitOverride({ tenantId });
    await insertPlans(storage(), plan);
    await storage().control.change([tenantId], async (store) => {
      await store.subscriptions.put(subscription);
      await store.overrides.put(override);
    });
  });

  async function expectUnchanged(): Promise<void> {
    expect(await findPlan(storage(), plan.code)).toEqual(plan);
    const [subscriptions, overrides] = await storage().control.readAllTenants(async (store) => [
      await store.subscriptions.find(tenantId),
      await store.overrides.list({ tenantId }, undefined, 10),
    ]);
    expect(subscriptions).toEqual(subscription);
    expect(overrides).toEqual([override]);
  }

  /** Changes of everything that the store holds. */
  async function changeEverything(store: ControlStore, addedCode: string): Promise<void> {
    await store.plans.insert(aPlan({ code: addedCode }));
    await store.plans.replace({ ...plan, displayName: "Renamed", limits: [], revision: 2n });
    await store.subscriptions.put({ ...subscription, planCode: addedCode });
    await store.overrides.put({ ...override, limit: 1n });
    await store.overrides.put(aLimitOverride({ tenantId }));
  }

  describe("a change", () => {
    it("is stored with everything in it, and answered with what the work returns", async () => {
      const added = aCode("plan");
      const answer = await storage().control.change([tenantId], async (store) => {
        await changeEverything(store, added);
        await store.overrides.delete(override);
        return "done";
      });
      expect(answer).toBe("done");
      expect((await findPlan(storage(), plan.code))?.displayName).toBe("Renamed");
      const found = await readAs(storage(), [tenantId], (store) => store.subscriptions.find(tenantId));
      expect(found?.planCode).toBe(added);
      expect(await readAs(storage(), [tenantId], (store) => store.overrides.list({}, undefined, 10))).toHaveLength(1);
    });

    it("is not stored at all when the work throws, and the caller gets the work's own error", async () => {
      const failure = new Error("thrown by the work");
      const added = aCode("plan");
      const change = storage().control.change([tenantId], async (store) => {
        await changeEverything(store, added);
        throw failure;
      });
      expect(await failureOf(change)).toBe(failure);
      expect(await findPlan(storage(), added)).toBeUndefined();
      await expectUnchanged();
    });

    it("is not stored at all when a later step loses a race", async () => {
      const added = aCode("plan");
      const change = storage().control.change([tenantId], async (store) => {
        await changeEverything(store, added);
        await store.plans.insert(aPlan({ code: plan.code }));
      });
      await expectLostRace(change);
      expect(await findPlan(storage(), added)).toBeUndefined();
      await expectUnchanged();
    });

    it("is not stored at all when the work goes on after a failed step", async () => {
      const added = aCode("plan");
      const change = storage().control.change([tenantId], async (store) => {
        await store.plans.insert(aPlan({ code: added }));
        await store.plans.insert(aPlan({ code: plan.code })).catch(() => undefined);
      });
      await change.catch(() => undefined);
      expect(await findPlan(storage(), added)).toBeUndefined();
      await expectUnchanged();
    });

    it("is seen by the next call of every port", async () => {
      const metricCode = plan.limits[0]?.metricCode ?? "";
      const limits = [{ metricCode, limit: 77n, enforcement: "SOFT", periodKind: "DAY" }] as const;
      await storage().control.change([tenantId], (store) => store.plans.replace({ ...plan, limits, revision: 2n }));
      const snapshot = await storage().usage.readSnapshot([{ tenantId, metricCode }]);
      expect(snapshot.limits.plans.get(plan.code)?.limits.get(metricCode)).toStrictEqual(limits[0]);
      const counters = [{ tenantId, metricCode }];
      const basis = await storage().usageUnitOfWork.run([tenantId], async (ledger) => {
        await ledger.lockOpenRecords(counters);
        return await ledger.readDecisionBasis({ tenantIds: [tenantId], counters, planCodes: [], idempotencyKeys: [] });
      });
      expect(basis.limits.plans.get(plan.code)?.limits.get(metricCode)).toStrictEqual(limits[0]);
    });

    it("is seen as gone by the next call once it is removed", async () => {
      const { metricCode } = override;
      await storage().control.change([tenantId], async (store) => {
        await store.subscriptions.delete(tenantId);
        await store.overrides.delete(override);
      });
      const { limits } = await storage().usage.readSnapshot([{ tenantId, metricCode }]);
      expect([...limits.subscriptions]).toEqual([]);
      expect([...limits.overrides]).toEqual([]);
    });

    it("reads the storage's clock, as do those who read all tenants", async () => {
      await storage().setClock(aMoment + 12_345);
      expect(await storage().control.change([], (store) => store.now())).toBe(aMoment + 12_345);
      expect(await storage().control.readAllTenants((store) => store.now())).toBe(aMoment + 12_345);
    });
  });

  describe("a change that does not name a tenant", () => {
    it("sees neither its subscription nor its overrides", async () => {
      for (const tenantIds of [[], [aTenant()]]) {
        const seen = await readAs(storage(), tenantIds, async (store) => [
          await store.subscriptions.find(tenantId),
          await store.subscriptions.list({}, undefined, 100),
          await store.subscriptions.list({ planCode: plan.code }, undefined, 100),
          await store.overrides.find(override),
          await store.overrides.list({}, undefined, 100),
          await store.overrides.list({ tenantId }, undefined, 100),
        ]);
        expect(seen).toEqual([undefined, [], [], undefined, [], []]);
      }
    });

    it("cannot create or replace its subscription or its overrides", async () => {
      const newcomer = aTenant();
      const steps: ((store: ControlStore) => Promise<unknown>)[] = [
        (store) => store.subscriptions.put({ ...subscription, timeZone: "Asia/Tokyo" }),
        (store) => store.subscriptions.put({ ...subscription, tenantId: newcomer }),
        (store) => store.subscriptions.insert({ ...subscription, tenantId: newcomer }),
        (store) => store.overrides.put({ ...override, limit: 1n }),
        (store) => store.overrides.put(aLimitOverride({ tenantId: newcomer })),
      ];
      const own = aLimitOverride();
      for (const step of steps) {
        const change = storage().control.change([own.tenantId], async (store) => {
          await store.overrides.put(own);
          await step(store);
        });
        await expect(change).rejects.toThrow();
      }
      await expectUnchanged();
      const leftovers = await storage().control.readAllTenants(async (store) => [
        await store.subscriptions.find(newcomer),
        await store.overrides.list({ tenantId: newcomer }, undefined, 10),
        await store.overrides.list({ tenantId: own.tenantId }, undefined, 10),
      ]);
      expect(leftovers).toEqual([undefined, [], []]);
    });

    it("cannot delete its subscription or its overrides, whether it is told or not", async () => {
      const change = storage().control.change([aTenant()], async (store) => {
        await store.subscriptions.delete(tenantId);
        await store.overrides.delete(override);
      });
      await change.catch(() => undefined);
      await expectUnchanged();
    });

    it("sees and changes only those that it names when it names several", async () => {
      const others = [aSubscription({ planCode: plan.code }), aSubscription({ planCode: plan.code })];
      const tenantIds = others.map((one) => one.tenantId);
      const seen = await storage().control.change(tenantIds, async (store) => {
        for (const other of others) await store.subscriptions.put(other);
        return await store.subscriptions.list({ planCode: plan.code }, undefined, 100);
      });
      expect(seen).toHaveLength(2);
      expect(seen).toEqual(expect.arrayContaining(others));
    });
  });

  describe("reading all tenants", () => {
    it("sees every tenant's subscription and overrides", async () => {
      const other = aSubscription({ planCode: plan.code });
      await storage().control.change([other.tenantId], (store) => store.subscriptions.put(other));
      const seen = await storage().control.readAllTenants((store) =>
        store.subscriptions.list({ planCode: plan.code }, undefined, 100),
      );
      expect(seen).toHaveLength(2);
      expect(seen).toEqual(expect.arrayContaining([subscription, other]));
      await expectUnchanged();
    });

    const steps: [string, (store: ControlStore) => Promise<unknown>][] = [
      ["insert a plan", (store) => store.plans.insert(aPlan())],
      ["replace a plan", (store) => store.plans.replace({ ...plan, displayName: "Renamed" })],
      ["delete a plan", (store) => store.plans.delete(plan.code)],
      ["put a subscription", (store) => store.subscriptions.put({ ...subscription, timeZone: "Asia/Tokyo" })],
      ["insert a subscription", (store) => store.subscriptions.insert({ ...subscription, tenantId: aTenant() })],
      ["delete a subscription", (store) => store.subscriptions.delete(tenantId)],
      ["put an override", (store) => store.overrides.put({ ...override, limit: 1n })],
      ["delete an override", (store) => store.overrides.delete(override)],
      ["insert an override", (store) => store.overrides.insert(aLimitOverride({ tenantId }))],
      ["add to the audit trail", (store) => store.changes.append(aControlChange())],
    ];
    it.each(steps)("cannot %s", async (_, step) => {
      await expectRefusal(storage().control.readAllTenants(step));
      await expectUnchanged();
    });

    it("cannot delete a plan without subscriptions", async () => {
      const unused = aPlan();
      await insertPlans(storage(), unused);
      await expectRefusal(storage().control.readAllTenants((store) => store.plans.delete(unused.code)));
      expect(await findPlan(storage(), unused.code)).toEqual(unused);
    });

    it("is answered with what the work returns, and fails with what it throws", async () => {
      const failure = new Error("thrown by the work");
      expect(await storage().control.readAllTenants(async () => "answer")).toBe("answer");
      const failing = storage().control.readAllTenants(async () => {
        throw failure;
      });
      expect(await failureOf(failing)).toBe(failure);
    });
  });
}
