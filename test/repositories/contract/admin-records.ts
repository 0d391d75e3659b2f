import { beforeEach, describe, expect, it } from "vitest";
import { compareText } from "../../../src/domain/compare-text.ts";
import { lifetime } from "../../../src/domain/period.ts";
import type { UsageRecord } from "../../../src/domain/usage-record.ts";
import {
  positionOfRecord,
  type UsageRecordFilter,
  type UsageRecordOrder,
} from "../../../src/repositories/admin/usage-record-listing.ts";
import { aCode, aMoment, aTenant, aUsage, dayMs, march, minuteMs, newUsage } from "../../support/builders.ts";
import { write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

type Key = (record: UsageRecord) => number | bigint;

const orders: readonly (readonly [UsageRecordOrder, Key, 1 | -1])[] = [
  ["NEWEST_FIRST", (record) => record.createdAt, -1],
  ["OLDEST_FIRST", (record) => record.createdAt, 1],
  ["PERIOD_END_LATEST_FIRST", (record) => record.periodEnd, -1],
  ["PERIOD_END_EARLIEST_FIRST", (record) => record.periodEnd, 1],
  ["USAGE_HIGHEST_FIRST", (record) => record.currentUsage, -1],
  ["USAGE_LOWEST_FIRST", (record) => record.currentUsage, 1],
];

/** Counters of all tenants by every filter and in every order, with many equals in each of them. */
export function describeUsageRecordListing(storage: CurrentStorage): void {
  let metricCode: string;
  let tenantId: string;
  /** Fourteen records of five tenants; three kinds of period, three times of creation, four sums, and two that differ in nothing. */
  let records: readonly UsageRecord[];

  beforeEach(async () => {
    await storage().setClock(aMoment + dayMs);
    metricCode = aCode("metric");
    const tenants = Array.from({ length: 5 }, aTenant);
    tenantId = tenants[0] ?? "";
    const periods = [
      { periodKind: "MONTH", ...march },
      { periodKind: "YEAR", periodStart: Date.UTC(2026, 0, 1), periodEnd: Date.UTC(2027, 0, 1) },
      { periodKind: "LIFETIME", periodStart: lifetime.start, periodEnd: lifetime.end },
    ] as const;
    const usages = Array.from({ length: 12 }, (_, index) => {
      const createdAt = aMoment + (index % 3) * minuteMs;
      const period = periods[index % periods.length] ?? periods[0];
      const owner = tenants[Math.floor(index / 3)] ?? tenantId;
      const ordinal = BigInt(1 + (index % 3));
      const amount = BigInt(1 + (index % 4));
      return aUsage({ tenantId: owner, metricCode, ...period, ordinal, createdAt }, { createdAt, amount });
    });
    for (const [index, periodKind] of (["DAY", "WEEK"] as const).entries()) {
      usages.push(
        aUsage({ tenantId, metricCode, ...march, periodKind, ordinal: BigInt(4 + index), createdAt: aMoment }),
      );
    }
    for (const usage of usages) await write(storage(), newUsage(usage));
    records = usages.map(({ record }) => record);
  });

  function list(
    filter: Partial<UsageRecordFilter>,
    after?: UsageRecord,
    limit = 1_000,
  ): Promise<readonly UsageRecord[]> {
    const whole: UsageRecordFilter = { metricCode, order: "OLDEST_FIRST", ...filter };
    const position = after === undefined ? undefined : positionOfRecord(after, whole.order);
    return storage().admin.records.list(whole, position, limit);
  }

  describe.each(orders)("in the order %s", (order, key, direction) => {
    const sorted = (some: readonly UsageRecord[]) =>
      some.toSorted(
        (a, b) =>
          direction * Number(BigInt(key(a)) - BigInt(key(b))) ||
          compareText(a.tenantId, b.tenantId) ||
          compareText(a.id, b.id),
      );

    it("are all of them, equal ones by tenant and id", async () => {
      expect(await list({ order })).toStrictEqual(sorted(records));
    });

    it.each([1, 2, 5, 14])("come complete and once each in pages of %i", async (pageSize) => {
      const listed: UsageRecord[] = [];
      for (let pages = 0; pages < records.length + 1; pages += 1) {
        listed.push(...(await list({ order }, listed.at(-1), pageSize)));
      }
      expect(listed).toEqual(sorted(records));
    });

    it("are one tenant's when the filter names it", async () => {
      const own = records.filter((record) => record.tenantId === tenantId);
      expect(own).toHaveLength(5);
      expect(await list({ order, tenantId })).toEqual(sorted(own));
      expect(await storage().admin.records.list({ tenantId, order }, undefined, 100)).toEqual(sorted(own));
    });

    it("are those that every bound admits", async () => {
      const bounds = { createdFrom: aMoment + minuteMs, createdBefore: aMoment + 2 * minuteMs };
      const created = records.filter((record) => record.createdAt === aMoment + minuteMs);
      expect(created).toHaveLength(4);
      expect(await list({ order, ...bounds })).toEqual(sorted(created));
      const ending = { periodEndFrom: march.periodEnd, periodEndBefore: march.periodEnd + 1 };
      const monthly = records.filter((record) => record.periodEnd === march.periodEnd);
      expect(await list({ order, ...ending })).toEqual(sorted(monthly));
      expect(await list({ order, ...ending, ...bounds })).toEqual([]);
    });
  });

  it("with a bound in the future, those that are open, LIFETIME among them", async () => {
    const open = await list({ periodEndFrom: march.periodEnd + 1 });
    expect(new Set(open.map(({ periodKind }) => periodKind))).toEqual(new Set(["YEAR", "LIFETIME"]));
    const bounded = await list({ periodEndBefore: Date.UTC(2100, 0, 1) });
    expect(new Set(bounded.map(({ periodKind }) => periodKind))).toEqual(new Set(["YEAR", "MONTH", "DAY", "WEEK"]));
  });
}
