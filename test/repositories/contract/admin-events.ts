import { beforeEach, describe, expect, it } from "vitest";
import { compareText } from "../../../src/domain/compare-text.ts";
import type { UsageEvent } from "../../../src/domain/usage-event.ts";
import type { EventPosition, TenantsEventFilter } from "../../../src/repositories/admin/tenants-event-listing.ts";
import type { EventOrder } from "../../../src/repositories/usage-event-repository.ts";
import { aCode, addedUsage, aTenant, aUsage, dayMs, minuteMs, moreUsage, newUsage } from "../../support/builders.ts";
import { write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** A stretch of time that no other test of a shared storage writes into, years wide and with long gaps. */
const begin = Date.UTC(2011, 5, 1, 12);
const lifetime = { periodKind: "LIFETIME", periodStart: 0, periodEnd: 253_402_300_799_999 } as const;
let stretch = 0;

/** Events of all tenants in the order of their ids: in bursts and with months between two, of several tenants in turn. */
export function describeTenantsEvents(storage: CurrentStorage): void {
  let metricCode: string;
  let tenants: readonly string[];
  /** Thirty events of three tenants, alternating between two metrics, oldest first. */
  let events: readonly UsageEvent[];
  let range: { readonly createdFrom: number; readonly createdBefore: number };

  beforeEach(async () => {
    stretch += 1;
    const start = begin + stretch * 100 * dayMs;
    metricCode = aCode("metric");
    const other = aCode("metric");
    tenants = Array.from({ length: 3 }, aTenant);
    const latest = new Map<string, ReturnType<typeof aUsage>>();
    const stored: UsageEvent[] = [];
    for (let index = 0; index < 30; index += 1) {
      // Three bursts: at once, a day later, and fifty days later; within a burst some share a millisecond.
      const burst = [0, dayMs, 50 * dayMs][Math.floor(index / 10)] ?? 0;
      const createdAt = start + burst + Math.floor((index % 10) / 2) * minuteMs;
      const owner = tenants[index % 3] ?? "";
      const metric = index % 2 === 0 ? metricCode : other;
      const earlier = latest.get(`${owner} ${metric}`);
      const usage =
        earlier === undefined
          ? aUsage({ tenantId: owner, metricCode: metric, ...lifetime, createdAt }, { createdAt })
          : moreUsage(earlier.record, { createdAt });
      latest.set(`${owner} ${metric}`, usage);
      await write(storage(), earlier === undefined ? newUsage(usage) : addedUsage(usage));
      stored.push(...usage.events);
    }
    events = stored.toSorted((a, b) => compareText(a.id, b.id));
    range = { createdFrom: start, createdBefore: start + 60 * dayMs };
    await storage().setClock(start + 70 * dayMs);
  });

  function list(filter: Partial<TenantsEventFilter>, after?: EventPosition, limit = 1_000) {
    return storage().admin.events.list({ order: "OLDEST_FIRST", ...range, ...filter }, after, limit);
  }

  describe.each<EventOrder>(["OLDEST_FIRST", "NEWEST_FIRST"])("listed %s", (order) => {
    const inOrder = (some: readonly UsageEvent[]) => (order === "OLDEST_FIRST" ? [...some] : some.toReversed());

    it("are those of every tenant", async () => {
      expect(await list({ order })).toStrictEqual(inOrder(events));
    });

    it("are one metric's of every tenant when the filter names it", async () => {
      const own = events.filter((event) => event.metricCode === metricCode);
      expect(own).toHaveLength(15);
      const filter = { order, metricCode };
      expect(await storage().admin.events.list(filter, undefined, 100)).toEqual(inOrder(own));
      expect(await list(filter)).toEqual(inOrder(own));
    });

    it("are one tenant's when the filter names it", async () => {
      const [tenantId = ""] = tenants;
      const own = events.filter((event) => event.tenantId === tenantId);
      expect(await storage().admin.events.list({ order, tenantId }, undefined, 100)).toEqual(inOrder(own));
      const both = own.filter((event) => event.metricCode === metricCode);
      expect(await storage().admin.events.list({ order, tenantId, metricCode }, undefined, 100)).toEqual(inOrder(both));
    });

    it("lie within the bounds of time, to the millisecond", async () => {
      const [first, last] = [events[4], events[25]];
      const bounds = { createdFrom: first?.createdAt ?? 0, createdBefore: last?.createdAt ?? 0 };
      const within = events.filter(
        ({ createdAt }) => createdAt >= bounds.createdFrom && createdAt < bounds.createdBefore,
      );
      expect(within.length).toBeLessThan(events.length - 4);
      expect(await list({ order, ...bounds })).toEqual(inOrder(within));
      const ofMetric = within.filter((event) => event.metricCode === metricCode);
      expect(await list({ order, ...bounds, metricCode })).toEqual(inOrder(ofMetric));
    });

    it.each([1, 4, 30])("come complete and once each in pages of %i", async (pageSize) => {
      for (const filter of [{ order }, { order, metricCode }]) {
        const listed: UsageEvent[] = [];
        for (let pages = 0; pages < events.length + 1; pages += 1) {
          listed.push(...(await list(filter, listed.at(-1), pageSize)));
        }
        const wanted = events.filter((event) => !("metricCode" in filter) || event.metricCode === metricCode);
        expect(listed).toEqual(inOrder(wanted));
      }
    });

    it("are none where there are none", async () => {
      const createdFrom = range.createdBefore;
      expect(await list({ order, createdFrom, createdBefore: createdFrom + 5 * dayMs })).toEqual([]);
      expect(await list({ order, metricCode: aCode("metric") })).toEqual([]);
      expect(await list({ order, tenantId: aTenant() })).toEqual([]);
    });
  });

  it("those of two tenants with one id are both listed, also when a page ends between them", async () => {
    const createdAt = range.createdFrom + 55 * dayMs;
    const pair = [aTenant(), aTenant()].map((tenantId) => {
      const usage = aUsage({ tenantId, metricCode, ...lifetime, createdAt }, { createdAt, id: sharedId(createdAt) });
      return usage;
    });
    for (const usage of pair) await write(storage(), newUsage(usage));
    for (const filter of [{ createdFrom: createdAt }, { createdFrom: createdAt, metricCode }]) {
      const first = await list(filter, undefined, 1);
      const second = await list(filter, first.at(-1), 1);
      const both = [...first, ...second].map(({ tenantId }) => tenantId);
      expect(both.toSorted()).toEqual(pair.map(({ record }) => record.tenantId).toSorted());
      expect(await list(filter, second.at(-1), 1)).toEqual([]);
    }
  });

  it("those that were recorded before the clock stepped back are listed too", async () => {
    await storage().setClock(range.createdFrom + dayMs);
    expect(await list({ order: "NEWEST_FIRST" })).toEqual(events.toReversed());
    expect(await list({ order: "OLDEST_FIRST" })).toEqual(events);
  });
}

function sharedId(instant: number): string {
  const time = instant.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7abc-8def-0123456789ab`;
}
