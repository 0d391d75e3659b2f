import { beforeEach, describe, expect, it } from "vitest";
import type { ControlChange } from "../../../src/domain/control-change.ts";
import type { ChangeFilter } from "../../../src/repositories/admin/change-listing.ts";
import type { EventOrder } from "../../../src/repositories/usage-event-repository.ts";
import {
  aCode,
  aControlChange,
  aLimitOverride,
  aMoment,
  anActor,
  anEventId,
  aPlan,
  aSubscription,
  aTenant,
  minuteMs,
} from "../../support/builders.ts";
import { expectLostRace, expectRefusal, insertPlans, isWaiting } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** The audit trail: written with the change it speaks of, listed by every filter; and what keeps two changes apart. */
export function describeControlChanges(storage: CurrentStorage): void {
  async function append(change: ControlChange): Promise<void> {
    const tenantIds = change.tenantId === undefined ? [] : [change.tenantId];
    await storage().control.change(tenantIds, (store) => store.changes.append(change));
  }

  function list(filter: Partial<ChangeFilter>, afterId?: string, limit = 100): Promise<readonly ControlChange[]> {
    return storage().admin.changes.list({ order: "OLDEST_FIRST", ...filter }, afterId, limit);
  }

  describe("an entry", () => {
    it("is read as it was written", async () => {
      const tenantId = aTenant();
      const whole = aControlChange({
        operation: "UPDATE",
        objectKind: "SUBSCRIPTION",
        objectId: tenantId,
        tenantId,
        before: { a: 'quote " and ü', nested: { list: [1, "2", null, { deep: true }] } },
        after: { a: "" },
      });
      const { keyId, role, ...nameAlone } = anActor;
      const { after, ...bare } = aControlChange({ operation: "DELETE", before: {}, actor: nameAlone });
      for (const change of [whole, bare]) await append(change);
      expect(await list({ objectId: whole.objectId })).toStrictEqual([whole]);
      expect(await list({ objectId: bare.objectId })).toStrictEqual([bare]);
    });

    it("is not stored when the work that wrote it fails, nor is the work when it is not", async () => {
      const change = aControlChange();
      const failing = storage().control.change([], async (store) => {
        await store.changes.append(change);
        throw new Error("thrown by the work");
      });
      await expect(failing).rejects.toThrow("thrown by the work");
      expect(await list({ objectId: change.objectId })).toEqual([]);
      await append(change);
      const plan = aPlan();
      const twice = storage().control.change([], async (store) => {
        await store.plans.insert(plan);
        await store.changes.append(change);
      });
      await expect(twice).rejects.toThrow();
      expect(await storage().control.readAllTenants((store) => store.plans.find(plan.code))).toBeUndefined();
    });

    it("that an object got last is found by the object, within its transaction too", async () => {
      const objectId = aCode("plan");
      const lastId = () => storage().control.change([], (store) => store.changes.findLastId("PLAN", objectId));
      expect(await lastId()).toBeUndefined();
      const [first, second] = [aMoment, aMoment + 1].map((instant) =>
        aControlChange({ id: anEventId(instant), objectId }),
      );
      if (first === undefined || second === undefined) throw new Error("two changes");
      await append(second);
      await append(first);
      await append(
        aControlChange({ objectKind: "SUBSCRIPTION", objectId, tenantId: aTenant(), id: anEventId(aMoment + 2) }),
      );
      expect(await lastId()).toBe(second.id);
      const within = storage().control.change([], async (store) => {
        const third = aControlChange({ id: anEventId(aMoment + 3), objectId });
        await store.changes.append(third);
        return [third.id, await store.changes.findLastId("PLAN", objectId)];
      });
      const [written, found] = await within;
      expect(found).toBe(written);
    });

    it("of a key is neither written nor found by who works for tenants", async () => {
      const tenantId = aTenant();
      for (const owner of [{}, { tenantId }]) {
        const change = aControlChange({ objectKind: "API_KEY", objectId: aCode("key"), ...owner });
        await expectRefusal(storage().control.change([tenantId], (store) => store.changes.append(change)));
        await storage().apiKeys.run((store) => store.changes.append(change));
        const found = storage().control.change([tenantId], (store) =>
          store.changes.findLastId("API_KEY", change.objectId),
        );
        expect(await found).toBeUndefined();
      }
    });

    it("of a tenant is written by a transaction that names the tenant, and by no other", async () => {
      const tenantId = aTenant();
      const change = aControlChange({ objectKind: "SUBSCRIPTION", objectId: tenantId, tenantId });
      for (const tenantIds of [[], [aTenant()]]) {
        await expectRefusal(storage().control.change(tenantIds, (store) => store.changes.append(change)));
      }
      expect(await list({ tenantId })).toEqual([]);
      await storage().control.change([aTenant(), tenantId], (store) => store.changes.append(change));
      expect(await list({ tenantId })).toEqual([change]);
    });
  });

  describe.each<EventOrder>(["OLDEST_FIRST", "NEWEST_FIRST"])("entries listed %s", (order) => {
    let tenantId: string;
    let keyId: string;
    let changes: readonly ControlChange[];
    const inOrder = (some: readonly ControlChange[]) => (order === "OLDEST_FIRST" ? [...some] : some.toReversed());

    beforeEach(async () => {
      tenantId = aTenant();
      keyId = aTenant();
      const kinds = ["SUBSCRIPTION", "LIMIT_OVERRIDE"] as const;
      changes = Array.from({ length: 6 }, (_, index) =>
        aControlChange({
          id: anEventId(aMoment + index * minuteMs),
          objectKind: kinds[index % 2] ?? "PLAN",
          objectId: index % 2 === 0 ? tenantId : `${tenantId}/${aCode("metric")}`,
          tenantId,
          ...(index < 3 ? { actor: { ...anActor, keyId } } : {}),
        }),
      );
      for (const change of changes) await append(change);
    });

    it("are those that the filter names", async () => {
      const some = (indexes: readonly number[]) =>
        inOrder(indexes.map((index) => changes[index]).filter((change) => change !== undefined));
      expect(await list({ order, tenantId })).toEqual(inOrder(changes));
      expect(await list({ order, tenantId, objectKind: "SUBSCRIPTION" })).toEqual(some([0, 2, 4]));
      expect(await list({ order, tenantId, objectKind: "PLAN" })).toEqual([]);
      expect(await list({ order, objectId: tenantId })).toEqual(some([0, 2, 4]));
      expect(await list({ order, actorKeyId: keyId })).toEqual(some([0, 1, 2]));
      const bounds = { createdFrom: aMoment + minuteMs, createdBefore: aMoment + 4 * minuteMs };
      expect(await list({ order, tenantId, ...bounds })).toEqual(some([1, 2, 3]));
      expect(await list({ order, tenantId, ...bounds, actorKeyId: keyId, objectId: tenantId })).toEqual(some([2]));
    });

    it.each([1, 4, 6])("come complete and once each in pages of %i", async (pageSize) => {
      const listed: ControlChange[] = [];
      for (let pages = 0; pages < changes.length + 1; pages += 1) {
        listed.push(...(await list({ order, tenantId }, listed.at(-1)?.id, pageSize)));
      }
      expect(listed).toEqual(inOrder(changes));
    });
  });

  describe("finding for update", () => {
    it("makes a second finder wait for the first one's change, and see it", async () => {
      const plan = aPlan();
      await insertPlans(storage(), plan);
      const subscription = aSubscription({ planCode: plan.code });
      const { tenantId } = subscription;
      const override = aLimitOverride({ tenantId });
      await storage().control.change([tenantId], async (store) => {
        await store.subscriptions.insert(subscription);
        await store.overrides.insert(override);
      });
      const isFound = Promise.withResolvers<void>();
      const isReleased = Promise.withResolvers<void>();
      const first = storage().control.change([tenantId], async (store) => {
        expect(await store.subscriptions.findForUpdate(tenantId)).toEqual(subscription);
        expect(await store.overrides.findForUpdate(override)).toEqual(override);
        isFound.resolve();
        await isReleased.promise;
        await store.subscriptions.put({ ...subscription, timeZone: "Asia/Tokyo" });
        await store.overrides.delete(override);
      });
      await isFound.promise;
      const seconds = [
        storage().control.change([tenantId], (store) => store.subscriptions.findForUpdate(tenantId)),
        storage().control.change([tenantId], (store) => store.overrides.findForUpdate(override)),
      ];
      expect(await Promise.all(seconds.map(isWaiting))).toEqual([true, true]);
      isReleased.resolve();
      await first;
      expect(await seconds[0]).toMatchObject({ timeZone: "Asia/Tokyo" });
      expect(await seconds[1]).toBeUndefined();
    });

    it("finds nothing of tenants that the transaction does not name", async () => {
      const override = aLimitOverride();
      await storage().control.change([override.tenantId], (store) => store.overrides.insert(override));
      const found = storage().control.change([aTenant()], (store) => store.overrides.findForUpdate(override));
      expect(await found).toBeUndefined();
    });
  });

  it("inserting an override that is there loses the race", async () => {
    const override = aLimitOverride();
    const { tenantId } = override;
    await storage().control.change([tenantId], (store) => store.overrides.insert(override));
    await expectLostRace(
      storage().control.change([tenantId], (store) => store.overrides.insert({ ...override, limit: 1n })),
    );
    const found = await storage().control.change([tenantId], (store) => store.overrides.find(override));
    expect(found).toEqual(override);
  });
}
