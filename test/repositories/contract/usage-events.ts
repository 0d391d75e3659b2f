import { beforeEach, describe, expect, it } from "vitest";
import type { UsageEvent } from "../../../src/domain/usage-event.ts";
import type { EventFilter, EventOrder } from "../../../src/repositories/usage-event-repository.ts";
import { aCode, addedUsage, aMoment, aTenant, aUsage, minuteMs, moreUsage, newUsage } from "../../support/builders.ts";
import { write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** Events in the order of their ids, by every filter, in pages. */
export function describeUsageEvents(storage: CurrentStorage): void {
  let tenantId: string;
  let metricCode: string;
  /** Ten events: five a metric in turn, a minute between two, oldest first. */
  let events: readonly UsageEvent[];

  beforeEach(async () => {
    await storage().setClock(aMoment + 10 * minuteMs);
    tenantId = aTenant();
    metricCode = aCode("metric");
    const other = aCode("metric");
    const stored: UsageEvent[] = [];
    const latest = new Map<string, ReturnType<typeof aUsage>>();
    for (let index = 0; index < 10; index += 1) {
      const metric = index % 2 === 0 ? metricCode : other;
      const createdAt = aMoment + index * minuteMs;
      const earlier = latest.get(metric);
      const usage =
        earlier === undefined
          ? aUsage({ tenantId, metricCode: metric }, { createdAt })
          : moreUsage(earlier.record, { createdAt });
      latest.set(metric, usage);
      await write(storage(), earlier === undefined ? newUsage(usage) : addedUsage(usage));
      stored.push(...usage.events);
    }
    events = stored;
  });

  function list(filter: Partial<EventFilter>, afterId?: string, limit = 1_000): Promise<UsageEvent[]> {
    return storage().events.list({ tenantId, order: "OLDEST_FIRST", ...filter }, afterId, limit);
  }

  const orders: EventOrder[] = ["OLDEST_FIRST", "NEWEST_FIRST"];

  function inOrder(order: EventOrder, expected: readonly UsageEvent[]): UsageEvent[] {
    return order === "OLDEST_FIRST" ? [...expected] : expected.toReversed();
  }

  describe.each(orders)("events listed %s", (order) => {
    it("are all of the tenant's", async () => {
      expect(await list({ order })).toStrictEqual(inOrder(order, events));
    });

    it("are one metric's when the filter names it", async () => {
      const own = events.filter((event) => event.metricCode === metricCode);
      expect(own).toHaveLength(5);
      expect(await list({ order, metricCode })).toEqual(inOrder(order, own));
    });

    it("begin at createdFrom, which is included to the millisecond", async () => {
      const createdFrom = aMoment + 3 * minuteMs;
      expect(await list({ order, createdFrom })).toEqual(inOrder(order, events.slice(3)));
      expect(await list({ order, createdFrom: createdFrom + 1 })).toEqual(inOrder(order, events.slice(4)));
    });

    it("end before createdBefore, which is excluded to the millisecond", async () => {
      const createdBefore = aMoment + 3 * minuteMs;
      expect(await list({ order, createdBefore })).toEqual(inOrder(order, events.slice(0, 3)));
      expect(await list({ order, createdBefore: createdBefore + 1 })).toEqual(inOrder(order, events.slice(0, 4)));
    });

    it("are those that every filter admits when several are given", async () => {
      const filter = { metricCode, createdFrom: aMoment + minuteMs, createdBefore: aMoment + 8 * minuteMs };
      const admitted = [2, 4, 6].map((index) => events[index]).filter((event) => event !== undefined);
      expect(await list({ order, ...filter })).toEqual(inOrder(order, admitted));
    });

    it("are none when the filters admit none", async () => {
      expect(await list({ order, createdFrom: aMoment, createdBefore: aMoment })).toEqual([]);
      expect(await list({ order, metricCode: aCode("metric") })).toEqual([]);
      expect(await list({ order, tenantId: aTenant() })).toEqual([]);
    });

    it("are the first ones when there are more than the limit", async () => {
      expect(await list({ order }, undefined, 3)).toEqual(inOrder(order, events).slice(0, 3));
    });

    it("follow afterId, which is not among them", async () => {
      const ordered = inOrder(order, events);
      expect(await list({ order }, ordered[3]?.id)).toEqual(ordered.slice(4));
      expect(await list({ order }, ordered.at(-1)?.id)).toEqual([]);
    });

    it("follow afterId within one metric, though it may be another metric's event", async () => {
      const ordered = inOrder(order, events);
      const expected = ordered.slice(4).filter((event) => event.metricCode === metricCode);
      expect(await list({ order, metricCode }, ordered[3]?.id)).toEqual(expected);
    });

    it.each([1, 3, 10])("come complete and once each in pages of %i", async (pageSize) => {
      const listed: UsageEvent[] = [];
      // One page more than needed, so that a listing that repeats itself fails instead of running for ever.
      for (let pages = 0; pages < events.length + 1; pages += 1) {
        const page = await list({ order, createdBefore: aMoment + 9 * minuteMs }, listed.at(-1)?.id, pageSize);
        listed.push(...page);
      }
      expect(listed).toEqual(inOrder(order, events.slice(0, 9)));
    });
  });

  it("events of one millisecond are listed by id, which is the order in which they were recorded", async () => {
    const first = aUsage();
    const usages = [first];
    for (let count = 0; count < 9; count += 1) {
      const last = usages.at(-1) ?? first;
      usages.push(moreUsage(last.record, { createdAt: last.record.lastEventAt }));
    }
    const record = (usages.at(-1) ?? first).record;
    const recorded = usages.flatMap((usage) => usage.events);
    await write(storage(), newUsage({ record, events: [...first.events, ...recorded.slice(1)] }));
    expect(await list({ tenantId: record.tenantId })).toEqual(recorded);
    expect(await list({ tenantId: record.tenantId, order: "NEWEST_FIRST" })).toEqual(recorded.toReversed());
    expect(await list({ tenantId: record.tenantId }, recorded[4]?.id, 2)).toEqual(recorded.slice(5, 7));
  });

  it("an event added between two pages, oldest first, is on a later page and moves none", async () => {
    const own = events.filter((event) => event.metricCode === metricCode);
    const firstPage = await list({ metricCode }, undefined, 3);
    const record = await storage().usage.getCurrentPeriod({ tenantId, metricCode, periodKind: "MONTH" });
    if (record === undefined) throw new Error("the counter must be open");
    const more = moreUsage(record);
    await write(storage(), addedUsage(more));
    const secondPage = await list({ metricCode }, firstPage.at(-1)?.id, 3);
    expect([...firstPage, ...secondPage]).toEqual([...own, ...more.events]);
  });
}
