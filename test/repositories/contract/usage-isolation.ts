import { beforeEach, describe, expect, it } from "vitest";
import type { UsageChanges } from "../../../src/repositories/usage-unit-of-work.ts";
import {
  addedUsage,
  aLimitOverride,
  aMoment,
  aPlan,
  aQuotaLimit,
  aRefusal,
  aSubscription,
  aTenant,
  aUsage,
  moreUsage,
  newUsage,
  type Usage,
  usageChanges,
} from "../../support/builders.ts";
import { allEvents, expectNothingStored, expectRefusal, question, write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** Rows of tenants that are not named cannot be read or written. */
export function describeUsageIsolation(storage: CurrentStorage): void {
  /** Another tenant's counter, with a key, a subscription and an override. */
  let foreign: Usage;
  const idempotencyKey = "order-1";

  beforeEach(async () => {
    await storage().setClock(aMoment);
    foreign = aUsage({}, { idempotencyKey });
    await write(storage(), newUsage(foreign));
  });

  describe("a unit of work that does not name a tenant", () => {
    it("locks and reads no record of it", async () => {
      const locked = await storage().usageUnitOfWork.run([aTenant()], (ledger) =>
        ledger.lockOpenRecords([foreign.record]),
      );
      expect(locked.records).toEqual([]);
    });

    it("locks and reads no record of any tenant when it names none", async () => {
      const locked = await storage().usageUnitOfWork.run([], (ledger) => ledger.lockOpenRecords([foreign.record]));
      expect(locked.records).toEqual([]);
    });

    it("reads neither its subscription, nor its overrides, nor its idempotency keys", async () => {
      const { tenantId, metricCode } = foreign.record;
      const plan = aPlan({ limits: [aQuotaLimit({ metricCode })] });
      await storage().control.change([tenantId], async (store) => {
        await store.plans.insert(plan);
        await store.subscriptions.put(aSubscription({ tenantId, planCode: plan.code }));
        await store.overrides.put(aLimitOverride({ tenantId, metricCode }));
      });
      const counters = [{ tenantId, metricCode }];
      const asked = question({
        tenantIds: [tenantId],
        counters,
        planCodes: [plan.code],
        idempotencyKeys: [{ tenantId, idempotencyKey }],
      });
      const basis = await storage().usageUnitOfWork.run([aTenant()], async (ledger) => {
        await ledger.lockOpenRecords(counters);
        return await ledger.readDecisionBasis(asked);
      });
      expect([...basis.limits.subscriptions]).toEqual([]);
      expect([...basis.limits.overrides]).toEqual([]);
      expect(basis.keyedEvents).toEqual([]);
    });

    it("learns nothing from its predecessors", async () => {
      const { tenantId, metricCode, periodKind } = foreign.record;
      const predecessors = await storage().usageUnitOfWork.run([aTenant()], async (ledger) => {
        const { now } = await ledger.lockOpenRecords([]);
        return await ledger.readPredecessors([{ tenantId, metricCode, periodKind }], now);
      });
      for (const predecessor of predecessors) {
        expect(predecessor).toEqual({ tenantId, metricCode, periodKind, lastOrdinal: 0n, openRecords: 0 });
      }
    });

    const forbidden: [string, (usage: Usage) => UsageChanges][] = [
      ["a new record", ({ record }) => usageChanges({ newRecords: [aUsage({ tenantId: record.tenantId }).record] })],
      ["an event", ({ record }) => usageChanges({ events: moreUsage(record).events })],
      ["a changed record", ({ record }) => usageChanges({ changedRecords: [moreUsage(record).record] })],
      ["a refusal", ({ record }) => usageChanges({ refusals: [aRefusal({ tenantId: record.tenantId })] })],
    ];
    it.each(forbidden)("cannot write %s of it, and nothing of its own in the same batch", async (_, changesOf) => {
      const own = newUsage(aUsage());
      const other = changesOf(foreign);
      const batch = {
        newRecords: [...own.newRecords, ...other.newRecords],
        changedRecords: other.changedRecords,
        events: [...own.events, ...other.events],
        refusals: other.refusals,
      };
      const ownTenants = own.newRecords.map(({ tenantId }) => tenantId);
      await expectRefusal(write(storage(), batch, ownTenants));
      await expectNothingStored(storage(), own);
      const { tenantId } = foreign.record;
      expect(await allEvents(storage(), tenantId)).toEqual(foreign.events);
      expect(await storage().usage.listByTenantAndMetric(foreign.record)).toEqual([foreign.record]);
      expect(await storage().readRefusals(tenantId)).toEqual([]);
    });
  });

  describe("tenants with the same metric", () => {
    it("have counters, events and refusals of their own, also when they share a batch", async () => {
      const { metricCode } = foreign.record;
      const own = aUsage({ metricCode }, { amount: 5n });
      const more = moreUsage(foreign.record, { amount: 3n });
      const refusal = aRefusal({ tenantId: own.record.tenantId, metricCode });
      await write(storage(), {
        newRecords: [own.record],
        changedRecords: [more.record],
        events: [...own.events, ...more.events],
        refusals: [refusal],
      });
      expect(await storage().usage.listByTenantAndMetric(own.record)).toEqual([own.record]);
      expect(await storage().usage.listByTenantAndMetric(foreign.record)).toEqual([more.record]);
      expect(await allEvents(storage(), own.record.tenantId)).toEqual(own.events);
      expect(await allEvents(storage(), foreign.record.tenantId)).toEqual([...foreign.events, ...more.events]);
      expect(await storage().readRefusals(own.record.tenantId)).toEqual([refusal]);
      expect(await storage().readRefusals(foreign.record.tenantId)).toEqual([]);
    });

    it("do not meet in an event page that starts at another tenant's event", async () => {
      const { metricCode, lastEventId, lastEventAt } = foreign.record;
      const own = aUsage({ metricCode }, { createdAt: lastEventAt + 1 });
      await write(storage(), newUsage(own));
      await write(storage(), addedUsage(moreUsage(foreign.record, { createdAt: lastEventAt + 2 })));
      const filter = { tenantId: own.record.tenantId, order: "OLDEST_FIRST" } as const;
      const page = await storage().events.list(filter, lastEventId, 1_000);
      expect(page).toEqual(own.events);
    });
  });
}
