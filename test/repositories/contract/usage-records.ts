import { beforeEach, describe, expect, it } from "vitest";
import type { CounterLineKey } from "../../../src/domain/counter-key.ts";
import { lifetimeEndMs, lifetimeStartMs } from "../../../src/domain/period.ts";
import { periodKinds } from "../../../src/domain/period-kind.ts";
import type { UsageRecord } from "../../../src/domain/usage-record.ts";
import type { Predecessor } from "../../../src/repositories/usage-unit-of-work.ts";
import { aCode, aMoment, aTenant, aUsage, dayMs, hourMs, march, newUsage, type Usage } from "../../support/builders.ts";
import { write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** Which records are found, by the clock and by their periods. */
export function describeUsageRecords(storage: CurrentStorage): void {
  let tenantId: string;
  let metricCode: string;

  beforeEach(async () => {
    await storage().setClock(aMoment);
    tenantId = aTenant();
    metricCode = aCode("metric");
  });

  /** A usage of the test's counter. */
  function usage(fields: Partial<UsageRecord>): Usage {
    return aUsage({ tenantId, metricCode, ...fields });
  }

  const day = { periodKind: "DAY", periodStart: Date.UTC(2026, 2, 10), periodEnd: Date.UTC(2026, 2, 11) } as const;
  const dayBefore = { ...day, periodStart: day.periodStart - dayMs, periodEnd: day.periodStart } as const;
  const lifetime = { periodKind: "LIFETIME", periodStart: lifetimeStartMs, periodEnd: lifetimeEndMs } as const;

  describe("lockOpenRecords", () => {
    it("returns the open records of every kind, and none that has ended", async () => {
      const open = [usage({ ...day, ordinal: 2n }), usage({ ordinal: 3n }), usage({ ...lifetime, ordinal: 4n })];
      await write(storage(), newUsage(usage({ ...dayBefore, ordinal: 1n }), ...open));
      const { records } = await lock();
      expect(byOrdinal(records)).toStrictEqual(open.map(({ record }) => record));
    });

    it.each([
      ["is open a millisecond before its end", -1, 1],
      ["has ended at its end", 0, 0],
    ])("says that a record %s", async (_, offsetMs, count) => {
      await write(storage(), newUsage(usage({ ...day })));
      await storage().setClock(day.periodEnd + offsetMs);
      expect((await lock()).records).toHaveLength(count);
    });

    it("returns a record whose period has not begun, since the clock may have been set back", async () => {
      const { record, events } = usage({ ...day });
      await write(storage(), newUsage({ record, events }));
      await storage().setClock(day.periodStart - hourMs);
      expect((await lock()).records).toEqual([record]);
    });

    it("returns the records of the counters asked for, and of no other metric or tenant", async () => {
      const [asked, otherMetric, otherTenant] = [usage({}), aUsage({ tenantId }), aUsage({ metricCode })];
      await write(storage(), newUsage(asked, otherMetric, otherTenant));
      const locked = await storage().usageUnitOfWork.run([tenantId, otherTenant.record.tenantId], (ledger) =>
        ledger.lockOpenRecords([{ tenantId, metricCode }]),
      );
      expect(locked.records).toEqual([asked.record]);
    });

    it("does not mix up tenants and metrics of different counters", async () => {
      const [a, b] = [aUsage(), aUsage()];
      const crossed = aUsage({ tenantId: a.record.tenantId, metricCode: b.record.metricCode });
      await write(storage(), newUsage(a, b, crossed));
      const locked = await storage().usageUnitOfWork.run([a.record.tenantId, b.record.tenantId], (ledger) =>
        ledger.lockOpenRecords([a.record, b.record]),
      );
      expect(locked.records).toHaveLength(2);
      expect(locked.records).toEqual(expect.arrayContaining([a.record, b.record]));
    });

    it("tells the storage's clock to the millisecond, with and without records", async () => {
      expect((await lock()).now).toBe(aMoment);
      await storage().setClock(aMoment + 1);
      await write(storage(), newUsage(usage({})));
      expect((await lock()).now).toBe(aMoment + 1);
    });
  });

  describe("readPredecessors", () => {
    it("says that a counter without records begins with ordinal 1 and continues nothing", async () => {
      expect(await predecessorsOf("MONTH")).toStrictEqual([
        { tenantId, metricCode, periodKind: "MONTH", lastOrdinal: 0n, openRecords: 0 },
      ]);
    });

    it("gives the end of the line's latest record, and the counter's largest ordinal and open records", async () => {
      await write(
        storage(),
        newUsage(
          usage({ ...day, ordinal: 2n }),
          usage({ ...dayBefore, ordinal: 1n }),
          usage({ ordinal: 11n }),
          usage({ ...lifetime, ordinal: 3n }),
        ),
      );
      await storage().setClock(day.periodEnd);
      expect(await predecessorsOf("DAY")).toStrictEqual([
        { tenantId, metricCode, periodKind: "DAY", previousEnd: day.periodEnd, lastOrdinal: 11n, openRecords: 2 },
      ]);
    });

    it("gives no end for a line without records, though the counter has some of other kinds", async () => {
      await write(storage(), newUsage(usage({ ordinal: 4n })));
      await storage().setClock(march.periodEnd);
      expect(await predecessorsOf("YEAR")).toStrictEqual([
        { tenantId, metricCode, periodKind: "YEAR", lastOrdinal: 4n, openRecords: 0 },
      ]);
    });

    it("answers for several lines, each with its own numbers", async () => {
      const other = aUsage({ ordinal: 7n });
      await write(storage(), newUsage(usage({ ordinal: 5n }), other));
      await storage().setClock(march.periodEnd - 1);
      const keys = [lineOf(usage({}).record), lineOf(other.record), lineOf({ ...other.record, periodKind: "DAY" })];
      const predecessors = await predecessorsOfLines(keys);
      expect(predecessors).toHaveLength(keys.length);
      for (const [key, expected] of [
        [keys[0], { previousEnd: march.periodEnd, lastOrdinal: 5n, openRecords: 1 }],
        [keys[1], { previousEnd: march.periodEnd, lastOrdinal: 7n, openRecords: 1 }],
        [keys[2], { lastOrdinal: 7n, openRecords: 1 }],
      ] as const) {
        expect(predecessors).toContainEqual({ ...key, ...expected });
      }
    });

    it("answers nothing when it is asked for no line", async () => {
      expect(await predecessorsOfLines([])).toEqual([]);
    });
  });

  describe("getCurrentPeriod", () => {
    it.each([
      ["from the start of its period", () => day.periodStart],
      ["until a millisecond before the end of its period", () => day.periodEnd - 1],
    ])("finds the open record of the line %s", async (_, instant) => {
      const open = usage({ ...day, ordinal: 2n });
      await write(storage(), newUsage(usage({ ...dayBefore, ordinal: 1n }), open, usage({ ordinal: 3n })));
      await storage().setClock(instant());
      expect(await storage().usage.getCurrentPeriod(lineOf(open.record))).toStrictEqual(open.record);
    });

    it("finds nothing once the period has ended, or for a line that was never used", async () => {
      const { record, events } = usage({ ...day });
      await write(storage(), newUsage({ record, events }));
      await storage().setClock(day.periodEnd);
      expect(await storage().usage.getCurrentPeriod(lineOf(record))).toBeUndefined();
      expect(await storage().usage.getCurrentPeriod({ ...lineOf(record), periodKind: "HOUR" })).toBeUndefined();
      expect(await storage().usage.getCurrentPeriod({ ...lineOf(record), tenantId: aTenant() })).toBeUndefined();
    });

    it("finds a LIFETIME record whatever the clock says", async () => {
      const { record, events } = usage({ ...lifetime });
      await write(storage(), newUsage({ record, events }));
      for (const instant of [lifetimeStartMs, aMoment, lifetimeEndMs - 1]) {
        await storage().setClock(instant);
        expect(await storage().usage.getCurrentPeriod(lineOf(record))).toStrictEqual(record);
      }
    });
  });

  describe("listByTenantAndMetric", () => {
    it("lists the newest period first, and kinds of equal start in the order of their names", async () => {
      const monday = Date.UTC(2026, 5, 1);
      const kinds = periodKinds.filter((kind) => kind !== "LIFETIME" && kind !== "YEAR");
      const usages = kinds.map((periodKind, index) =>
        usage({ periodKind, periodStart: monday, periodEnd: monday + hourMs, ordinal: BigInt(index + 2) }),
      );
      const newest = usage({ ...day, periodStart: monday + dayMs, periodEnd: monday + 2 * dayMs, ordinal: 1n });
      const oldest = usage({ ...lifetime, ordinal: 9n });
      await write(storage(), newUsage(oldest, ...usages, newest));
      const listed = await storage().usage.listByTenantAndMetric({ tenantId, metricCode });
      expect(listed.map(({ periodKind }) => periodKind)).toEqual(["DAY", "DAY", "HOUR", "MONTH", "WEEK", "LIFETIME"]);
      expect(listed[0]).toStrictEqual(newest.record);
      expect(listed.at(-1)).toStrictEqual(oldest.record);
    });

    it("lists 100 at most when no limit is given, and as many as the limit says when one is", async () => {
      const start = Date.UTC(2026, 0, 1);
      const usages = Array.from({ length: 103 }, (_, index) => {
        const periodStart = start + index * hourMs;
        return usage({ periodKind: "HOUR", periodStart, periodEnd: periodStart + hourMs, ordinal: BigInt(index + 1) });
      });
      await write(storage(), newUsage(...usages));
      const newestFirst = usages.map(({ record }) => record).toReversed();
      const list = (limit?: number) => storage().usage.listByTenantAndMetric({ tenantId, metricCode }, limit);
      expect(await storage().usage.listByTenantAndMetric({ tenantId, metricCode })).toEqual(newestFirst.slice(0, 100));
      expect(await list(2)).toEqual(newestFirst.slice(0, 2));
      expect(await list(101)).toEqual(newestFirst.slice(0, 101));
      expect(await list(1_000)).toEqual(newestFirst);
    });

    it("lists nothing of a counter that was never used, of another metric, or of another tenant", async () => {
      await write(storage(), newUsage(usage({})));
      expect(await storage().usage.listByTenantAndMetric({ tenantId, metricCode: aCode("metric") })).toEqual([]);
      expect(await storage().usage.listByTenantAndMetric({ tenantId: aTenant(), metricCode })).toEqual([]);
    });
  });

  function lock() {
    return storage().usageUnitOfWork.run([tenantId], (ledger) => ledger.lockOpenRecords([{ tenantId, metricCode }]));
  }

  function predecessorsOf(periodKind: UsageRecord["periodKind"]): Promise<Predecessor[]> {
    return predecessorsOfLines([{ tenantId, metricCode, periodKind }]);
  }

  function predecessorsOfLines(keys: readonly CounterLineKey[]): Promise<Predecessor[]> {
    const tenantIds = [...new Set([tenantId, ...keys.map((key) => key.tenantId)])];
    return storage().usageUnitOfWork.run(tenantIds, async (ledger) => {
      const { now } = await ledger.lockOpenRecords(keys);
      return await ledger.readPredecessors(keys, now);
    });
  }
}

function lineOf(key: CounterLineKey): CounterLineKey {
  return { tenantId: key.tenantId, metricCode: key.metricCode, periodKind: key.periodKind };
}

function byOrdinal(records: readonly UsageRecord[]): UsageRecord[] {
  return records.toSorted((a, b) => Number(a.ordinal - b.ordinal));
}
