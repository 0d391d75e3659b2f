import { beforeEach, expect, it } from "vitest";
import type { Period } from "../../../src/domain/period.ts";
import { periodAt } from "../../../src/domain/period-calendar.ts";
import type { PeriodKind } from "../../../src/domain/period-kind.ts";
import { type SeriesWindow, type SeriesWindowKind, seriesWindows } from "../../../src/domain/series-window.ts";
import type { UsageEvent } from "../../../src/domain/usage-event.ts";
import type { UsageRecord } from "../../../src/domain/usage-record.ts";
import {
  aCode,
  addedUsage,
  aPlan,
  aQuotaLimit,
  aSubscription,
  aTenant,
  aUsage,
  hourMs,
  minuteMs,
  moreUsage,
  newUsage,
} from "../../support/builders.ts";
import { insertPlans, write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

const begin = Date.UTC(2026, 2, 27, 9, 30);

/** What a tenant used of a metric over time, whichever periods its counters had. */
export function describeUsageSeries(storage: CurrentStorage): void {
  let tenantId: string;
  let metricCode: string;

  beforeEach(() => {
    tenantId = aTenant();
    metricCode = aCode("metric");
  });

  /** Uses 1, 2, 3, … at the instants, each in the period of the kind in Berlin; the limit is ten times the amount. */
  async function use(
    kinds: readonly PeriodKind[],
    instants: readonly number[],
    owner = { tenantId, metricCode },
  ): Promise<UsageEvent[]> {
    const latest = new Map<string, UsageRecord>();
    const events: UsageEvent[] = [];
    for (const [index, createdAt] of instants.entries()) {
      const periodKind = kinds[index % kinds.length] ?? "MONTH";
      const period = periodAt(periodKind, createdAt, { timeZone: "Europe/Berlin" });
      const line = `${periodKind} ${period.start}`;
      const amount = BigInt(index + 1);
      const event = { createdAt, amount, limit: index % 5 === 4 ? null : amount * 10n };
      const record = latest.get(line);
      const usage =
        record === undefined
          ? aUsage({ ...owner, ...ordinalAndPeriod(latest, period) }, event)
          : moreUsage(record, event);
      latest.set(line, usage.record);
      await write(storage(), record === undefined ? newUsage(usage) : addedUsage(usage));
      events.push(...usage.events);
    }
    return events;
  }

  function ordinalAndPeriod(latest: ReadonlyMap<string, unknown>, { kind, start, end }: Period) {
    return { ordinal: BigInt(latest.size + 1), periodKind: kind, periodStart: start, periodEnd: end };
  }

  function windowsOf(kind: SeriesWindowKind, from: number, before: number, timeZone = "Europe/Berlin") {
    return seriesWindows({ kind, timeZone, from, before }, 1_000) ?? [];
  }

  function read(windows: readonly SeriesWindow[], key = { tenantId, metricCode }) {
    return storage().admin.series.readSeries(key, windows);
  }

  /** By summing, which is what an implementation may avoid. */
  function expected(windows: readonly SeriesWindow[], events: readonly UsageEvent[]) {
    return windows.map(({ start, end }) => {
      const own = events.filter(({ createdAt }) => start <= createdAt && createdAt < end);
      const last = own.at(-1);
      return {
        start,
        end,
        amount: own.reduce((sum, { amount }) => sum + amount, 0n),
        eventCount: BigInt(own.length),
        ...(last === undefined ? {} : { lastEvent: { usageAfter: last.usageAfter, limit: last.limit } }),
      };
    });
  }

  // The clocks of Berlin go forward on 29 March 2026.
  const everyFiveHours = Array.from({ length: 30 }, (_, index) => begin + index * 5 * hourMs);

  it.each<[SeriesWindowKind, PeriodKind[]]>([
    ["HOUR", ["MONTH"]],
    ["DAY", ["MONTH"]],
    ["WEEK", ["MONTH"]],
    ["MONTH", ["DAY"]],
    ["DAY", ["HOUR"]],
    ["DAY", ["LIFETIME"]],
    ["DAY", ["MONTH", "DAY"]],
    ["WEEK", ["DAY", "WEEK", "YEAR"]],
  ])("by %s with counters by %j has the sums of the events", async (kind, kinds) => {
    const events = await use(kinds, everyFiveHours);
    const windows = windowsOf(kind, begin - 30 * hourMs, begin + 180 * hourMs);
    const { points } = await read(windows);
    expect(points).toStrictEqual(expected(windows, events));
    expect(points.reduce((sum, { amount }) => sum + amount, 0n)).toBe(465n);
  });

  it("of a part of the time has that part only", async () => {
    const events = await use(["MONTH", "WEEK"], everyFiveHours);
    const windows = windowsOf("DAY", begin + 40 * hourMs, begin + 70 * hourMs);
    const { points } = await read(windows);
    expect(points).toEqual(expected(windows, events));
    expect(points.every(({ eventCount }) => eventCount > 0n)).toBe(true);
  });

  it("puts an event at a boundary into the window that begins there", async () => {
    const midnight = Date.UTC(2026, 2, 9);
    await use(["MONTH"], [midnight - 1, midnight, midnight + 1]);
    const { points } = await read(windowsOf("DAY", midnight - hourMs, midnight + hourMs, "UTC"));
    expect(points.map(({ amount, eventCount }) => [amount, eventCount])).toEqual([
      [1n, 1n],
      [5n, 2n],
    ]);
  });

  it("tells events of one millisecond apart, at a boundary too", async () => {
    const midnight = Date.UTC(2026, 2, 9);
    await use(["MONTH"], [midnight - 1, midnight - 1, midnight, midnight, midnight]);
    const { points } = await read(windowsOf("DAY", midnight - hourMs, midnight + hourMs, "UTC"));
    expect(points.map(({ amount }) => amount)).toEqual([3n, 12n]);
    expect(points.map(({ lastEvent }) => lastEvent?.usageAfter)).toEqual([3n, 15n]);
  });

  it("holds nothing of other tenants and metrics", async () => {
    await use(["MONTH"], everyFiveHours, { tenantId, metricCode: aCode("metric") });
    await use(["MONTH"], everyFiveHours, { tenantId: aTenant(), metricCode });
    const { points } = await read(windowsOf("DAY", begin, begin + 48 * hourMs));
    expect(points.map(({ amount, eventCount }) => [amount, eventCount])).toEqual([
      [0n, 0n],
      [0n, 0n],
      [0n, 0n],
    ]);
    expect(points.every((point) => !("lastEvent" in point))).toBe(true);
  });

  it("comes with what limits and counters are now", async () => {
    const plan = aPlan({ limits: [aQuotaLimit({ metricCode, limit: 77n })] });
    await insertPlans(storage(), plan);
    await storage().control.change([tenantId], (store) =>
      store.subscriptions.put(aSubscription({ tenantId, planCode: plan.code })),
    );
    await use(["MONTH"], [begin, begin + minuteMs]);
    await storage().setClock(begin + hourMs);
    const { snapshot } = await read(windowsOf("DAY", begin, begin + hourMs));
    expect(snapshot.now).toBe(begin + hourMs);
    expect(snapshot.limits.plans.get(plan.code)?.limits.get(metricCode)?.limit).toBe(77n);
    expect(snapshot.latestRecords.map(({ currentUsage }) => currentUsage)).toEqual([3n]);
  });
}
