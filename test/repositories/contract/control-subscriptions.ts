import { describe, expect, it } from "vitest";
import { PlanNotFoundError } from "../../../src/domain/errors/limit-lookup-errors.ts";
import type { Plan } from "../../../src/domain/plan.ts";
import type { Subscription } from "../../../src/domain/subscription.ts";
import { aCode, aMoment, aPlan, aSubscription, aTenant, dayMs } from "../../support/builders.ts";
import { expectLostRace, failureOf, findPlan, insertPlans, readAs } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

export function describeSubscriptions(storage: CurrentStorage): void {
  async function aStoredPlan(): Promise<Plan> {
    const plan = aPlan();
    await insertPlans(storage(), plan);
    return plan;
  }

  async function put(subscription: Subscription): Promise<Subscription> {
    return await storage().control.change([subscription.tenantId], (store) => store.subscriptions.put(subscription));
  }

  async function find(tenantId: string): Promise<Subscription | undefined> {
    return await readAs(storage(), [tenantId], (store) => store.subscriptions.find(tenantId));
  }

  /** Subscriptions of one plan, sorted by tenant id. */
  async function storeSeveral(count: number, planCode: string): Promise<Subscription[]> {
    const subscriptions = Array.from({ length: count }, () => aSubscription({ planCode }));
    await storage().control.change(
      subscriptions.map(({ tenantId }) => tenantId),
      async (store) => {
        for (const subscription of subscriptions) await store.subscriptions.put(subscription);
      },
    );
    return subscriptions.toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  }

  describe("putting a subscription", () => {
    it("creates it, and it comes back exactly", async () => {
      const { code } = await aStoredPlan();
      const fields = { planCode: code, timeZone: "America/Argentina/Buenos_Aires", createdAt: aMoment - 1 };
      for (const subscription of [aSubscription(fields), aSubscription({ ...fields, anchor: aMoment - dayMs })]) {
        expect(await put(subscription)).toStrictEqual(subscription);
        expect(await find(subscription.tenantId)).toStrictEqual(subscription);
      }
    });

    it("replaces an existing one, keeps its creation time, and returns what is stored", async () => {
      const [first, second] = [await aStoredPlan(), await aStoredPlan()];
      const original = aSubscription({ planCode: first.code, anchor: aMoment - dayMs });
      await put(original);
      const { tenantId } = original;
      const later = { createdAt: aMoment + 7, updatedAt: aMoment + 7 };
      const next = aSubscription({ tenantId, planCode: second.code, timeZone: "Asia/Tokyo", ...later });
      const stored = { ...next, createdAt: original.createdAt };
      expect(await put(next)).toStrictEqual(stored);
      expect(await find(tenantId)).toStrictEqual(stored);
      expect(await find(tenantId)).not.toHaveProperty("anchor");
    });

    it("throws PlanNotFoundError with the code when there is no such plan, and stores nothing", async () => {
      const { code } = await aStoredPlan();
      const subscription = aSubscription({ planCode: code });
      const { tenantId } = subscription;
      const absent = aCode("plan");
      const failure = await failureOf(put({ ...subscription, planCode: absent }));
      expect(failure).toBeInstanceOf(PlanNotFoundError);
      expect(failure).toMatchObject({ planCode: absent });
      expect(await find(tenantId)).toBeUndefined();
      await put(subscription);
      expect(await failureOf(put({ ...subscription, planCode: absent }))).toBeInstanceOf(PlanNotFoundError);
      expect(await find(tenantId)).toEqual(subscription);
    });

    it("works on a plan that was inserted in the same transaction, and is seen there at once", async () => {
      const plan = aPlan();
      const subscription = aSubscription({ planCode: plan.code });
      const { tenantId } = subscription;
      const found = await storage().control.change([tenantId], async (store) => {
        await store.plans.insert(plan);
        await store.subscriptions.put(subscription);
        return await store.subscriptions.find(tenantId);
      });
      expect(found).toStrictEqual(subscription);
    });

    it("leaves one of several concurrent ones, whole", async () => {
      const plans = [await aStoredPlan(), await aStoredPlan(), await aStoredPlan()];
      const tenantId = aTenant();
      const rivals = plans.map(({ code }, index) =>
        aSubscription({ tenantId, planCode: code, timeZone: `Etc/GMT+${index + 1}` }),
      );
      await Promise.allSettled(rivals.map((rival) => put(rival)));
      expect(rivals).toContainEqual(await find(tenantId));
    });
  });

  describe("inserting a subscription", () => {
    async function insert(subscription: Subscription): Promise<void> {
      const { tenantId } = subscription;
      await storage().control.change([tenantId], (store) => store.subscriptions.insert(subscription));
    }

    it("creates it, and it comes back exactly", async () => {
      const { code } = await aStoredPlan();
      for (const fields of [{ planCode: code }, { planCode: code, anchor: aMoment - dayMs }]) {
        const subscription = aSubscription(fields);
        await insert(subscription);
        expect(await find(subscription.tenantId)).toStrictEqual(subscription);
      }
    });

    it("throws ConcurrentChangeError when the tenant has one, even an equal one, and keeps that", async () => {
      const [first, second] = [await aStoredPlan(), await aStoredPlan()];
      const subscription = aSubscription({ planCode: first.code });
      await insert(subscription);
      for (const other of [subscription, { ...subscription, planCode: second.code, timeZone: "Asia/Tokyo" }]) {
        await expectLostRace(insert(other));
        expect(await find(subscription.tenantId)).toStrictEqual(subscription);
      }
    });

    it("throws PlanNotFoundError with the code when there is no such plan, and stores nothing", async () => {
      const subscription = aSubscription({ planCode: aCode("plan") });
      const failure = await failureOf(insert(subscription));
      expect(failure).toBeInstanceOf(PlanNotFoundError);
      expect(failure).toMatchObject({ planCode: subscription.planCode });
      expect(await find(subscription.tenantId)).toBeUndefined();
    });

    it("succeeds for one of several that come at once", async () => {
      const { code } = await aStoredPlan();
      const tenantId = aTenant();
      const rivals = [1, 2, 3, 4].map((hour) =>
        aSubscription({ tenantId, planCode: code, timeZone: `Etc/GMT+${hour}` }),
      );
      const outcomes = await Promise.allSettled(rivals.map((rival) => insert(rival)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const winner = rivals[outcomes.findIndex(({ status }) => status === "fulfilled")];
      expect(await find(tenantId)).toStrictEqual(winner);
    });
  });

  describe("finding and deleting a subscription", () => {
    it("sees every change of its own transaction at once, though it had read before", async () => {
      const [first, second] = [await aStoredPlan(), await aStoredPlan()];
      const subscription = aSubscription({ planCode: first.code, anchor: aMoment });
      const { tenantId } = subscription;
      const changed = { ...aSubscription({ tenantId, planCode: second.code }), timeZone: "Asia/Tokyo" };
      const seen = await storage().control.change([tenantId], async ({ subscriptions }) => {
        const look = async () => [await subscriptions.find(tenantId), await subscriptions.list({}, undefined, 10)];
        const absent = await look();
        await subscriptions.insert(subscription);
        const created = await look();
        await subscriptions.put(changed);
        const replaced = await look();
        await subscriptions.delete(tenantId);
        return [absent, created, replaced, await look()];
      });
      expect(seen).toStrictEqual([
        [undefined, []],
        [subscription, [subscription]],
        [changed, [changed]],
        [undefined, []],
      ]);
    });

    it("finds none of a tenant that never subscribed", async () => {
      expect(await find(aTenant())).toBeUndefined();
    });

    it("deletes the one that exists, keeps the plan, and the tenant can subscribe again", async () => {
      const plan = await aStoredPlan();
      const [subscription, neighbour] = await storeSeveral(2, plan.code);
      if (subscription === undefined || neighbour === undefined) throw new Error("two subscriptions");
      const { tenantId } = subscription;
      await storage().control.change([tenantId], (store) => store.subscriptions.delete(tenantId));
      expect(await find(tenantId)).toBeUndefined();
      expect(await find(neighbour.tenantId)).toEqual(neighbour);
      expect(await findPlan(storage(), plan.code)).toEqual(plan);
      const again = { ...subscription, createdAt: aMoment + 9, updatedAt: aMoment + 9 };
      expect(await put(again)).toStrictEqual(again);
    });

    it("changes nothing when it deletes an absent one", async () => {
      const tenantId = aTenant();
      await storage().control.change([tenantId], (store) => store.subscriptions.delete(tenantId));
      expect(await find(tenantId)).toBeUndefined();
    });
  });

  describe("the list of subscriptions", () => {
    it("is in the order of tenant ids, in pages without gaps", async () => {
      const { code } = await aStoredPlan();
      const sorted = await storeSeveral(7, code);
      const tenantIds = sorted.map(({ tenantId }) => tenantId);
      const list = (after: string | undefined, limit: number) =>
        readAs(storage(), tenantIds, (store) => store.subscriptions.list({}, after, limit));
      expect(await list(undefined, 100)).toStrictEqual(sorted);
      expect(await list(undefined, 7)).toEqual(sorted);
      expect(await list(undefined, 3)).toEqual(sorted.slice(0, 3));
      expect(await list(sorted[2]?.tenantId, 3)).toEqual(sorted.slice(3, 6));
      expect(await list(sorted[5]?.tenantId, 3)).toEqual(sorted.slice(6));
      expect(await list(sorted[6]?.tenantId, 3)).toEqual([]);
    });

    it("is cut down to one plan when the filter names it, in pages too", async () => {
      const [one, other] = [await aStoredPlan(), await aStoredPlan()];
      const sorted = await storeSeveral(4, one.code);
      await storeSeveral(4, other.code);
      const list = (planCode: string, after: string | undefined, limit: number) =>
        storage().control.readAllTenants((store) => store.subscriptions.list({ planCode }, after, limit));
      expect(await list(one.code, undefined, 100)).toStrictEqual(sorted);
      expect(await list(one.code, sorted[0]?.tenantId, 2)).toEqual(sorted.slice(1, 3));
      expect(await list(aCode("plan"), undefined, 100)).toEqual([]);
    });
  });
}
