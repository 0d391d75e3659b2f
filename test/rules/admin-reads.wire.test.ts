import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SeriesWindow, UsageRecordOrder } from "../../gen/quota/v1/admin_service_pb.ts";
import { EventOrder, LimitSource, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aCode, aTenant, dayMs, hourMs } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, isoOf, noon, reasonOf, subscribe, tenantOn, unlimited } from "./fixtures.ts";
import { record } from "./usage-steps.ts";

/** AdminService over the wire, on usage that was recorded over the wire. */

let app: TestApp;
let metricCode: string;
let planCode: string;
/** Three tenants that have used 10, 9 and 8 of 10; the first was refused twice. */
const tenants: string[] = [];

beforeAll(async () => {
  app = await startTestApp();
  await app.setClock(noon);
  metricCode = aCode("metric");
  const first = await tenantOn(app, hard(metricCode, 10n), unlimited("other", PeriodKind.LIFETIME));
  planCode = first.planCode;
  tenants.push(first.tenantId, aTenant(), aTenant());
  for (const tenantId of tenants.slice(1)) await subscribe(app, tenantId, planCode);
  for (const [index, tenantId] of tenants.entries()) {
    for (let used = 0; used < 10 - index; used += 1) {
      await app.setClock(noon + index * hourMs + used);
      await record(app, { tenantId, metricCode, metadata: { used } });
    }
  }
  const [refused = ""] = tenants;
  for (const amount of [5n, 3n]) {
    expect(await reasonOf(app.quota.recordUsage({ tenantId: refused, metricCode, amount }))).toBe("QUOTA_EXCEEDED");
  }
  await record(app, { tenantId: refused, metricCode: "other", amount: 7n });
});

afterAll(async () => {
  await app.stop();
});

/** The items of all pages of two, and how many pages there were. */
async function inPages<Item>(
  read: (page: { pageSize: number; pageToken: string }) => Promise<{ items: Item[]; nextPageToken: string }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let pageToken = "";
  do {
    const page = await read({ pageSize: 2, pageToken });
    expect(page.items.length).toBeLessThanOrEqual(2);
    items.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && items.length < 100);
  return items;
}

describe("ListUsageRecords", () => {
  it("pages through the counters of all tenants", async () => {
    const records = await inPages(async (page) => {
      const order = UsageRecordOrder.USAGE_HIGHEST_FIRST;
      const { records: items, nextPageToken } = await app.admin.listUsageRecords({ metricCode, order, ...page });
      return { items, nextPageToken };
    });
    expect(records.map(({ tenantId, currentUsage }) => [tenantId, currentUsage])).toEqual(
      tenants.map((tenantId, index) => [tenantId, 10n - BigInt(index)]),
    );
    const [first] = records;
    expect(first).toMatchObject({ metricCode, periodKind: PeriodKind.MONTH, lastSequence: 10n });
    expect([first?.periodStart, first?.periodEnd, first?.createdAt, first?.lastEventAt].map(isoOf)).toEqual([
      "2027-03-01T00:00:00.000Z",
      "2027-04-01T00:00:00.000Z",
      "2027-03-10T12:34:56.789Z",
      "2027-03-10T12:34:56.798Z",
    ]);
  });

  it("shows a counter of LIFETIME without a period, as later than all in the order of ends", async () => {
    const [tenantId = ""] = tenants;
    const order = UsageRecordOrder.PERIOD_END_LATEST_FIRST;
    const { records } = await app.admin.listUsageRecords({ tenantId, order });
    expect(records.map((found) => found.metricCode)).toEqual(["other", metricCode]);
    expect(records[0]).toMatchObject({ periodKind: PeriodKind.LIFETIME, currentUsage: 7n });
    expect(records[0]?.periodEnd).toBeUndefined();
    const ended = await app.admin.listUsageRecords({ tenantId, periodEndBefore: timestampFromMs(noon + 90 * dayMs) });
    expect(ended.records.map((found) => found.metricCode)).toEqual([metricCode]);
  });
});

describe("ListUsageEvents", () => {
  it.each([
    ["all tenants", () => ({})],
    ["one metric", () => ({ metricCode })],
  ])("pages through the events of %s, newest first", async (_, filter) => {
    const events = await inPages(async (page) => {
      const { events: items, nextPageToken } = await app.admin.listUsageEvents({ ...filter(), ...page });
      return { items, nextPageToken };
    });
    const ids = events.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted().toReversed());
    expect(ids).toHaveLength("metricCode" in filter() ? 27 : 28);
  });

  it("shows what the tenant's own list shows", async () => {
    const [tenantId = ""] = tenants;
    const request = { tenantId, metricCode, order: EventOrder.OLDEST_FIRST };
    const { events } = await app.admin.listUsageEvents(request);
    expect(events).toHaveLength(10);
    expect(events).toEqual((await app.quota.listEvents(request)).events);
  });
});

describe("ListRefusals", () => {
  it("says how often an hour refused, and the numbers of the last time", async () => {
    const { refusals } = await app.admin.listRefusals({ metricCode });
    expect(refusals).toMatchObject([
      { tenantId: tenants[0], metricCode, count: 2n, lastLimit: 10n, lastCurrent: 10n, lastRequested: 3n },
    ]);
    expect(isoOf(refusals[0]?.hour)).toBe("2027-03-10T14:00:00.000Z");
    const hourBefore = refusals[0]?.hour;
    expect((await app.admin.listRefusals({ metricCode, ...(hourBefore && { hourBefore }) })).refusals).toEqual([]);
  });
});

describe("ListTenantsNearLimit", () => {
  it("pages through those from 80 percent on, the highest share first", async () => {
    const found = await inPages(async (page) => {
      const answer = await app.admin.listTenantsNearLimit({ metricCode, ...page });
      return { items: answer.tenants, nextPageToken: answer.nextPageToken };
    });
    expect(found.map(({ tenantId, percentUsed }) => [tenantId, percentUsed])).toEqual([
      [tenants[0], 100],
      [tenants[1], 90],
      [tenants[2], 80],
    ]);
    expect(found[1]?.status).toMatchObject({
      current: 9n,
      limit: 10n,
      remaining: 1n,
      planCode,
      limitSource: LimitSource.SUBSCRIBED_PLAN,
    });
    const status = await app.quota.getStatus({ tenantId: tenants[1] ?? "", metricCodes: [metricCode] });
    expect(found[1]?.status).toEqual(status.metrics[0]);
    const some = await app.admin.listTenantsNearLimit({ metricCode, minPercentUsed: 81 });
    expect(some.tenants).toHaveLength(2);
  });
});

describe("GetUsageSeries", () => {
  const from = Date.UTC(2027, 2, 10, 12);

  it("has the sums of the windows, what each ended with, and how the tenant stands", async () => {
    const { points, status } = await app.admin.getUsageSeries({
      tenantId: tenants[1] ?? "",
      metricCode,
      createdFrom: timestampFromMs(from),
      createdBefore: timestampFromMs(from + 3 * hourMs),
      window: SeriesWindow.HOUR,
    });
    expect(points.map(({ amount, eventCount, usageAfter, limit }) => [amount, eventCount, usageAfter, limit])).toEqual([
      [0n, 0n, undefined, undefined],
      [9n, 9n, 9n, 10n],
      [0n, 0n, undefined, undefined],
    ]);
    expect(isoOf(points[1]?.windowStart)).toBe("2027-03-10T13:00:00.000Z");
    expect(isoOf(points[1]?.windowEnd)).toBe("2027-03-10T14:00:00.000Z");
    expect(status).toMatchObject({ current: 9n, limit: 10n });
  });

  it("has zeros and no status for a tenant without events and plan", async () => {
    const request = { tenantId: aTenant(), metricCode, createdFrom: timestampFromMs(from) };
    const answer = await app.admin.getUsageSeries({ ...request, createdBefore: timestampFromMs(from + dayMs) });
    expect(answer.points.map(({ amount }) => amount)).toEqual([0n, 0n]);
    expect(answer.status).toBeUndefined();
  });
});

describe("page tokens", () => {
  it("are good for the filters and the list that they come from, and for no other", async () => {
    const { nextPageToken: pageToken } = await app.admin.listUsageRecords({ pageSize: 1 });
    expect(pageToken).not.toBe("");
    await expect(app.admin.listUsageRecords({ pageSize: 2, pageToken })).resolves.toBeDefined();
    for (const call of [
      app.admin.listUsageRecords({ metricCode, pageToken }),
      app.admin.listUsageRecords({ order: UsageRecordOrder.OLDEST_FIRST, pageToken }),
      app.admin.listUsageEvents({ pageToken }),
      app.admin.listRefusals({ pageToken }),
      app.admin.listTenantsNearLimit({ pageToken }),
      app.admin.listChanges({ pageToken }),
      app.admin.listUsageRecords({ pageToken: `${pageToken}x` }),
    ]) {
      expect(await reasonOf(call)).toBe("PAGE_TOKEN_INVALID");
    }
  });
});
