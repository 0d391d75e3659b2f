import { beforeEach, describe, expect, it } from "vitest";
import type { CounterKey } from "../../../src/domain/counter-key.ts";
import type { UsageRecord } from "../../../src/domain/usage-record.ts";
import { ConcurrentChangeError } from "../../../src/repositories/storage-errors.ts";
import {
  addedUsage,
  aMoment,
  aTenant,
  aUsage,
  minuteMs,
  moreUsage,
  newUsage,
  type Usage,
  usageChanges,
} from "../../support/builders.ts";
import { allEvents, holdLocks, isWaiting, question, rerunAfterLostRace, write } from "./steps.ts";
import type { CurrentStorage, StoragePromises } from "./storage-under-test.ts";

/** More than a usual pool of connections, so that some wait for one and some for the lock. */
const racers = 20;

/** Work on one counter never overlaps with other work on it. */
export function describeUsageLocking(storage: CurrentStorage, promises: StoragePromises): void {
  beforeEach(async () => {
    await storage().setClock(aMoment);
  });

  describe("concurrent units of work", () => {
    it(`count exactly when ${racers} of them change one counter`, async () => {
      const start = aUsage();
      await write(storage(), newUsage(start));
      await race((index) => addToAll([start.record], BigInt(index + 1)));
      await expectExact(start.record, racers + 1, BigInt((racers * (racers + 1)) / 2) + 1n);
    });

    it(`count exactly when ${racers} of them open one counter: one creates it, the others run again`, async () => {
      const { record } = aUsage();
      await race(() => addToAll([record], 1n));
      await expectExact(record, racers, BigInt(racers));
      expect(await storage().usage.listByTenantAndMetric(record)).toHaveLength(1);
    });

    it("count exactly when they name the same counters in opposite orders", async () => {
      const usages = [aUsage(), aUsage(), aUsage()];
      const keys = usages.map(({ record }) => record);
      await write(storage(), newUsage(...usages));
      await race((index) => addToAll(index % 2 === 0 ? keys : keys.toReversed(), 1n));
      for (const key of keys) await expectExact(key, racers + 1, BigInt(racers) + 1n);
    });

    it("store one event for one idempotency key, however many bring it", async () => {
      const { tenantId } = aUsage().record;
      const usages = Array.from({ length: 5 }, () => aUsage({ tenantId }, { idempotencyKey: "order-1" }));
      const outcomes = await Promise.allSettled(usages.map((usage) => write(storage(), newUsage(usage))));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const losers = outcomes.filter((outcome) => outcome.status === "rejected");
      for (const { reason } of losers) expect(reason).toBeInstanceOf(ConcurrentChangeError);
      expect(await allEvents(storage(), tenantId)).toHaveLength(1);
    });
  });

  describe("a unit of work that comes second to a counter", () => {
    it("waits until the first has ended, and then sees what it committed", async () => {
      const { start, more, tenantId } = await startWithHolder();
      const held = await holdLocks(storage(), [start.record], addedUsage(more));
      const second = storage().usageUnitOfWork.run([tenantId], async (ledger) => {
        const { records } = await ledger.lockOpenRecords([start.record]);
        const basis = await ledger.readDecisionBasis(
          question({ tenantIds: [tenantId], idempotencyKeys: [{ tenantId, idempotencyKey: "order-1" }] }),
        );
        return { records, keyedEvents: basis.keyedEvents };
      });
      expect(await isWaiting(second)).toBe(true);
      await held.release();
      expect(await second).toEqual({ records: [more.record], keyedEvents: more.events });
    });

    it("reads the clock once it holds the lock, not when it asked for it", async () => {
      const { start, more, tenantId } = await startWithHolder();
      const held = await holdLocks(storage(), [start.record], addedUsage(more));
      const second = storage().usageUnitOfWork.run([tenantId], (ledger) => ledger.lockOpenRecords([start.record]));
      expect(await isWaiting(second)).toBe(true);
      await storage().setClock(aMoment + minuteMs);
      await held.release();
      expect((await second).now).toBe(aMoment + minuteMs);
    });

    it("does not hold up those who read without a lock, and they see only what is committed", async () => {
      const { start, more } = await startWithHolder();
      const held = await holdLocks(storage(), [start.record], addedUsage(more));
      expect(await storage().usage.getCurrentPeriod(start.record)).toEqual(start.record);
      expect(await allEvents(storage(), start.record.tenantId)).toEqual(start.events);
      await held.release();
      expect(await storage().usage.getCurrentPeriod(start.record)).toEqual(more.record);
    });

    async function startWithHolder(): Promise<{ start: Usage; more: Usage; tenantId: string }> {
      const start = aUsage();
      await write(storage(), newUsage(start));
      const more = moreUsage(start.record, { idempotencyKey: "order-1" });
      return { start, more, tenantId: start.record.tenantId };
    }
  });

  if (promises.countersAreLockedApart === true) {
    describe("a unit of work on another counter", () => {
      it.each([
        ["of another tenant", () => aTenant()],
        ["of the same tenant", (tenantId: string) => tenantId],
      ])("%s does not wait", async (_, tenantOf) => {
        const start = aUsage();
        const other = aUsage({ tenantId: tenantOf(start.record.tenantId) });
        await write(storage(), newUsage(start, other));
        const held = await holdLocks(storage(), [start.record], usageChanges({}));
        const more = moreUsage(other.record);
        await write(storage(), addedUsage(more));
        expect(await storage().usage.getCurrentPeriod(other.record)).toEqual(more.record);
        await held.release();
      });
    });
  }

  async function race(runOne: (index: number) => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: racers }, (_, index) => rerunAfterLostRace(() => runOne(index))));
  }

  /** Reads every counter under its lock and adds an event to it, as the use case does. */
  async function addToAll(keys: readonly CounterKey[], amount: bigint): Promise<void> {
    const tenantIds = keys.map(({ tenantId }) => tenantId);
    await storage().usageUnitOfWork.run(tenantIds, async (ledger) => {
      const { records } = await ledger.lockOpenRecords(keys);
      await ledger.readDecisionBasis(question({ tenantIds, counters: keys }));
      const existing = records.map((record) => moreUsage(record, { amount, createdAt: aMoment }));
      const created = keys
        .filter((key) => !records.some((record) => isOf(record, key)))
        .map(({ tenantId, metricCode }) => aUsage({ tenantId, metricCode }, { amount }));
      await ledger.write({
        newRecords: created.map(({ record }) => record),
        changedRecords: existing.map(({ record }) => record),
        events: [...created, ...existing].flatMap(({ events }) => events),
        refusals: [],
      });
    });
  }

  function isOf(record: UsageRecord, key: CounterKey): boolean {
    return record.tenantId === key.tenantId && record.metricCode === key.metricCode;
  }

  /** The counter equals the sum of its events, which are numbered without gaps and add up one by one (R7). */
  async function expectExact(key: CounterKey, eventCount: number, sum: bigint): Promise<void> {
    const events = await allEvents(storage(), key.tenantId);
    const [record] = await storage().usage.listByTenantAndMetric(key);
    expect(record).toMatchObject({
      currentUsage: sum,
      lastSequence: BigInt(eventCount),
      lastEventId: events.at(-1)?.id,
    });
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => BigInt(index + 1)));
    let usage = 0n;
    for (const event of events) {
      usage += event.amount;
      expect(event.usageAfter).toBe(usage);
    }
    expect(usage).toBe(sum);
  }
}
