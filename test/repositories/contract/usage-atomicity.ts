import { beforeEach, describe, expect, it } from "vitest";
import { amountMax, counterMax } from "../../../src/domain/bounds.ts";
import {
  aCode,
  addedUsage,
  aMoment,
  anEventId,
  aRefusal,
  aTenant,
  aUsage,
  march,
  moreUsage,
  newUsage,
  type Usage,
  usageChanges,
} from "../../support/builders.ts";
import { allEvents, expectLostRace, expectNothingStored, expectRefusal, failureOf, write, writeInto } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** All of a unit of work or nothing is stored, and what the constraints refuse. */
export function describeUsageAtomicity(storage: CurrentStorage): void {
  beforeEach(async () => {
    await storage().setClock(aMoment);
  });

  describe("what is stored", () => {
    it("is all of a batch: records, events and refusals of several tenants", async () => {
      const [first, second] = [aUsage(), aUsage()];
      const refusal = aRefusal({ tenantId: second.record.tenantId });
      await write(storage(), { ...newUsage(first, second), refusals: [refusal] });
      for (const { record, events } of [first, second]) {
        expect(await storage().usage.listByTenantAndMetric(record)).toEqual([record]);
        expect(await allEvents(storage(), record.tenantId)).toEqual(events);
      }
      expect(await storage().readRefusals(refusal.tenantId)).toEqual([refusal]);
    });

    it("changes records and adds events, and leaves the events that were there", async () => {
      const first = aUsage();
      const second = moreUsage(first.record, { amount: 7n });
      const third = moreUsage(second.record, { amount: 2n });
      await write(storage(), newUsage(first));
      await write(storage(), addedUsage({ record: third.record, events: [...second.events, ...third.events] }));
      expect(await storage().usage.listByTenantAndMetric(first.record)).toEqual([third.record]);
      expect(await allEvents(storage(), first.record.tenantId)).toEqual(
        [first, second, third].flatMap(({ events }) => events),
      );
    });

    it("is nothing when the work throws after it has written, and the caller gets the work's own error", async () => {
      const changes = { ...newUsage(aUsage(), aUsage()), refusals: [aRefusal()] };
      const failure = new Error("thrown by the work");
      const tenantIds = [...changes.events, ...changes.refusals].map(({ tenantId }) => tenantId);
      const run = storage().usageUnitOfWork.run(tenantIds, async (ledger) => {
        await writeInto(ledger, changes, tenantIds);
        throw failure;
      });
      expect(await failureOf(run)).toBe(failure);
      await expectNothingStored(storage(), changes);
    });

    it("is nothing when the work goes on after a failed write", async () => {
      const stored = aUsage();
      await write(storage(), newUsage(stored));
      const neighbour = aUsage();
      const changes = newUsage(neighbour, withSameOrdinal(stored));
      const tenantIds = [neighbour.record.tenantId, stored.record.tenantId];
      const run = storage().usageUnitOfWork.run(tenantIds, async (ledger) => {
        await writeInto(ledger, changes).catch(() => undefined);
      });
      await run.catch(() => undefined);
      await expectNothingStored(storage(), newUsage(neighbour));
      expect(await allEvents(storage(), stored.record.tenantId)).toEqual(stored.events);
    });

    it("is nothing, and no error, when there are no changes", async () => {
      await write(storage(), usageChanges({}), [aTenant()]);
    });

    it("is answered with what the work returns", async () => {
      const answer = { text: "whatever the work returns" };
      expect(await storage().usageUnitOfWork.run([aTenant()], async () => answer)).toBe(answer);
    });
  });

  describe("a lost race", () => {
    it("throws ConcurrentChangeError and stores nothing of the batch when the ordinal is taken", async () => {
      const stored = aUsage();
      await expectBatchLost(stored, withSameOrdinal(stored));
    });

    it("throws ConcurrentChangeError and stores nothing of the batch when the period has a record", async () => {
      const stored = aUsage();
      const { tenantId, metricCode } = stored.record;
      await expectBatchLost(stored, aUsage({ tenantId, metricCode, ordinal: 2n }));
    });

    it("throws ConcurrentChangeError and stores nothing of the batch when the idempotency key is taken", async () => {
      const { tenantId } = aUsage().record;
      const stored = aUsage({ tenantId }, { idempotencyKey: "order-1" });
      await expectBatchLost(stored, aUsage({ tenantId }, { idempotencyKey: "order-1" }));
    });

    it("leaves the storage usable: the same work over again succeeds once it has read anew", async () => {
      const stored = aUsage();
      await write(storage(), newUsage(stored));
      await expectLostRace(write(storage(), newUsage(withSameOrdinal(stored))));
      const more = moreUsage(stored.record);
      await write(storage(), addedUsage(more));
      expect(await storage().usage.listByTenantAndMetric(stored.record)).toEqual([more.record]);
    });

    /** A batch with neighbours that would be fine and one usage that collides with what is stored. */
    async function expectBatchLost(stored: Usage, colliding: Usage): Promise<void> {
      const existing = aUsage();
      await write(storage(), newUsage(stored, existing));
      const { tenantId } = existing.record;
      const more = moreUsage(existing.record);
      const neighbour = { ...newUsage(aUsage()), refusals: [aRefusal()] };
      const batch = {
        newRecords: [...neighbour.newRecords, colliding.record],
        changedRecords: [more.record],
        events: [...neighbour.events, ...more.events, ...colliding.events],
        refusals: [aRefusal({ tenantId }), ...neighbour.refusals],
      };
      await expectLostRace(write(storage(), batch));
      await expectNothingStored(storage(), neighbour);
      expect(await storage().usage.listByTenantAndMetric(existing.record)).toEqual([existing.record]);
      expect(await allEvents(storage(), tenantId)).toEqual(existing.events);
      expect(await storage().readRefusals(tenantId)).toEqual([]);
      expect(await allEvents(storage(), stored.record.tenantId)).toEqual(stored.events);
      expect(await storage().usage.listByTenantAndMetric(stored.record)).toEqual([stored.record]);
    }
  });

  describe("what is no collision", () => {
    it.each([
      ["the same ordinal and period of another metric", { metricCode: aCode("metric") }],
      ["the same period start of another kind", { ordinal: 2n, periodKind: "YEAR" as const }],
      [
        "the same kind in another period",
        { ordinal: 2n, periodStart: march.periodEnd, periodEnd: Date.UTC(2026, 4, 1) },
      ],
    ])("is %s", async (_, fields) => {
      const stored = aUsage();
      const { tenantId, metricCode } = stored.record;
      const other = aUsage({ tenantId, metricCode, ...fields });
      await write(storage(), newUsage(stored));
      await write(storage(), newUsage(other));
      expect(await allEvents(storage(), tenantId)).toHaveLength(2);
    });

    it("is the same idempotency key of another tenant, even in the same batch", async () => {
      const usages = [aUsage({}, { idempotencyKey: "order-1" }), aUsage({}, { idempotencyKey: "order-1" })];
      await write(storage(), newUsage(...usages));
      for (const { record, events } of usages) {
        expect(await allEvents(storage(), record.tenantId)).toEqual(events);
      }
    });
  });

  describe("the constraints", () => {
    it.each([
      ["before its period", { createdAt: march.periodStart - 1 }],
      ["at the end of its period", { createdAt: march.periodEnd }],
    ])("refuse an event created %s", async (_, { createdAt }) => {
      const { record } = aUsage();
      const { events } = aUsage(record, { createdAt });
      await expectRefused({ record, events });
    });

    it.each([
      ["before its period", { lastEventAt: march.periodStart - 1 }],
      ["at the end of its period", { lastEventAt: march.periodEnd }],
    ])("refuse a record whose last event is %s", async (_, fields) => {
      const { record, events } = aUsage();
      await expectRefused({ record: { ...record, ...fields }, events });
    });

    it.each([
      ["the smallest", 0n],
      ["the largest", amountMax + 1n],
    ])("refuse an amount beyond %s", async (_, amount) => {
      const { record, events } = aUsage();
      await expectRefused({ record, events: [{ ...events[0], amount }] });
    });

    it.each([
      ["negative", -1n],
      ["beyond 2^53 - 1", counterMax + 1n],
    ])("refuse a counter that is %s", async (_, currentUsage) => {
      const { record, events } = aUsage();
      await expectRefused({ record: { ...record, currentUsage }, events });
    });

    it("refuse to take an existing counter beyond 2^53 - 1, and keep it as it was", async () => {
      const stored = aUsage();
      const more = moreUsage(stored.record);
      await write(storage(), newUsage(stored));
      const tooMuch = { ...more, record: { ...more.record, currentUsage: counterMax + 1n } };
      await expectRefusal(write(storage(), addedUsage(tooMuch)));
      expect(await storage().usage.listByTenantAndMetric(stored.record)).toEqual([stored.record]);
      expect(await allEvents(storage(), stored.record.tenantId)).toEqual(stored.events);
    });

    it("refuse a change of a record that does not exist, instead of losing it beside its events", async () => {
      const stored = aUsage();
      const more = moreUsage(stored.record);
      await write(storage(), newUsage(stored));
      const changes = addedUsage({ ...more, record: { ...more.record, id: anEventId() } });
      await expect(write(storage(), changes)).rejects.toThrow();
      expect(await storage().usage.listByTenantAndMetric(stored.record)).toEqual([stored.record]);
      expect(await allEvents(storage(), stored.record.tenantId)).toEqual(stored.events);
    });

    async function expectRefused(usage: Usage): Promise<void> {
      const neighbour = aUsage();
      await expectRefusal(write(storage(), newUsage(neighbour, usage)));
      await expectNothingStored(storage(), newUsage(neighbour, usage));
    }
  });
}

/** A usage whose record collides with a stored one by its ordinal alone. */
function withSameOrdinal(stored: Usage): Usage {
  const { tenantId, metricCode, ordinal } = stored.record;
  return aUsage({ tenantId, metricCode, ordinal, periodKind: "YEAR" });
}
