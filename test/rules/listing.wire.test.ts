import { randomBytes } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ListEventsResponseSchema } from "../../gen/quota/v1/quota_service_pb.ts";
import { EventOrder, type UsageEvent } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { newPlan, reasonOf, unlimited } from "./fixtures.ts";
import { query } from "./stored-rows.ts";
import { allEvents, epochMs, idMs, idsOf, readPages, record } from "./usage-steps.ts";

const { UNSPECIFIED, NEWEST_FIRST, OLDEST_FIRST } = EventOrder;
const metrics = ["calls", "bytes", "seats"];
const noon = epochMs("2026-03-10T12:00:00.000Z");

/** Every range that begins and ends near the five milliseconds from noon, relative to noon; open ones among them. */
const bounds = [undefined, -1, 0, 1, 2, 3, 4, 5];
const ranges = bounds.flatMap((from) =>
  bounds.filter((before) => before === undefined || before > (from ?? -2)).map((before) => ({ from, before })),
);

let app: TestApp;
let planCode: string;

beforeAll(async () => {
  app = await startTestApp();
  planCode = await newPlan(app, ...metrics.map((metric) => unlimited(metric)));
});

afterAll(async () => {
  await app.stop();
});

describe("a list of events", () => {
  /** Events of three metrics, several in each of five milliseconds. */
  const tenantId = aTenant();
  let events: UsageEvent[];

  beforeAll(async () => {
    // A neighbour's events, before, between and after, must never show.
    const neighbour = aTenant();
    for (let millisecond = 0; millisecond < 5; millisecond += 1) {
      await app.setClock(noon + millisecond);
      for (const owner of [neighbour, tenantId, neighbour]) {
        await Promise.all(
          Array.from({ length: 7 }, (_, index) =>
            record(app, { tenantId: owner, metricCode: metrics[index % metrics.length] ?? "", planCode }),
          ),
        );
      }
    }
    const stored = await query(app.database, "select id from quota_usage_event where tenant_id = $1", [tenantId]);
    events = await allEvents(app, tenantId);
    expect(idsOf(events)).toEqual(stored.map((row) => row["id"] ?? "").sort());
    expect(events).toHaveLength(35);
  });

  it.each([
    ["oldest first", OLDEST_FIRST, undefined],
    ["newest first", NEWEST_FIRST, undefined],
    ["newest first when the order is not given", UNSPECIFIED, undefined],
    ["oldest first within one metric", OLDEST_FIRST, "bytes"],
    ["newest first within one metric", NEWEST_FIRST, "bytes"],
  ])("R15: is in the order of ids, %s, whatever the sizes of its pages", async (_, order, metricCode) => {
    const request = { tenantId, order, ...(metricCode === undefined ? {} : { metricCode }) };
    const matching = events.filter((event) => metricCode === undefined || event.metricCode === metricCode);
    const expected = order === OLDEST_FIRST ? matching : matching.toReversed();
    for (const sizes of [[1], [7], [100], [1_000], [1, 7, 3, 100], [5, 1_000]] as const) {
      const pages = await readPages(app, request, [...sizes]);
      expect(pages.flat()).toEqual(expected);
      for (const [index, page] of pages.entries())
        expect(page.length).toBeLessThanOrEqual(sizes[index % sizes.length] ?? 0);
    }
  });

  it("R15: has no token on a last page that is full, and no empty page after it", async () => {
    expect((await readPages(app, { tenantId }, [7])).map((page) => page.length)).toEqual([7, 7, 7, 7, 7]);
    expect((await readPages(app, { tenantId }, [35])).map((page) => page.length)).toEqual([35]);
  });

  it("R15: is empty and without a token for a tenant or metric without events", async () => {
    const empty = { events: [], nextPageToken: "" };
    expect(await app.quota.listEvents({ tenantId: aTenant() })).toMatchObject(empty);
    expect(await app.quota.listEvents({ tenantId, metricCode: "unknown" })).toMatchObject(empty);
  });

  it.each([undefined, "calls"])(
    "R15: begins at created_from, inclusive, and ends before created_before, to the millisecond (metric %s)",
    async (metricCode) => {
      for (const { from, before } of ranges) {
        const request = {
          tenantId,
          ...(metricCode === undefined ? {} : { metricCode }),
          ...(from === undefined ? {} : { createdFrom: timestampFromMs(noon + from) }),
          ...(before === undefined ? {} : { createdBefore: timestampFromMs(noon + before) }),
        };
        const expected = events.filter(
          (event) =>
            (metricCode === undefined || event.metricCode === metricCode) &&
            idMs(event.id) >= noon + (from ?? 0) &&
            idMs(event.id) < noon + (before ?? 5),
        );
        const oldest = await readPages(app, { ...request, order: OLDEST_FIRST }, [4]);
        expect(idsOf(oldest.flat()), `${from} ${before}`).toEqual(idsOf(expected));
        const newest = await readPages(app, { ...request, order: NEWEST_FIRST }, [1_000]);
        expect(idsOf(newest.flat()), `${from} ${before}`).toEqual(idsOf(expected.toReversed()));
      }
    },
  );

  it("R15: takes the bounds to the nanosecond: one past a millisecond leaves its events out, or in", async () => {
    const nanosecond = { ...timestampFromMs(noon + 2), nanos: timestampFromMs(noon + 2).nanos + 1 };
    const until = events.filter((event) => idMs(event.id) <= noon + 2);
    const ascending = { tenantId, order: OLDEST_FIRST };
    const before = await readPages(app, { ...ascending, createdBefore: nanosecond });
    expect(idsOf(before.flat())).toEqual(idsOf(until));
    const from = await readPages(app, { ...ascending, createdFrom: nanosecond });
    expect(idsOf(from.flat())).toEqual(idsOf(events.slice(until.length)));
  });

  it("R15: shows each event as RecordUsage answered it, with its metadata and key", async () => {
    const owner = aTenant();
    const metadata = { feature: "export", nested: { list: [1, null, "two", { deep: true }] }, zero: 0 };
    const answered = await record(app, {
      tenantId: owner,
      metricCode: "calls",
      planCode,
      metadata,
      idempotencyKey: "k",
    });
    expect(answered).toMatchObject({ metadata, idempotencyKey: "k", requestedPlanCode: planCode });
    expect(await allEvents(app, owner)).toEqual([answered]);
  });

  it("R15: refuses a negative page size and an empty range", async () => {
    expect(await reasonOf(app.quota.listEvents({ tenantId, pageSize: -1 }))).toBe("INVALID_REQUEST");
    const instant = timestampFromMs(noon);
    const emptyRange = app.quota.listEvents({ tenantId, createdFrom: instant, createdBefore: instant });
    expect(await reasonOf(emptyRange)).toBe("INVALID_REQUEST");
  });
});

describe("a page", () => {
  it("R15: has 100 events unless asked, and never more than 1,000", async () => {
    const tenantId = aTenant();
    await app.setClock(noon);
    await record(app, { tenantId, metricCode: "calls", planCode });
    // The list does not ask whether a counter fits its events, and a thousand more by the wire take seconds.
    await query(
      app.database,
      `insert into quota_usage_event (tenant_id, id, metric_code, amount, metadata, created_at, sequence, usage_after,
          enforcement, limit_source, plan_code, period_kind, period_start, period_end)
        select tenant_id, (left(id::text, 14) || '7fff-bfff-' || lpad(to_hex(n), 12, '0'))::uuid, metric_code, amount,
          metadata, created_at, sequence + n, usage_after + n, enforcement, limit_source, plan_code, period_kind,
          period_start, period_end
        from quota_usage_event, generate_series(1, 1100) n where tenant_id = $1`,
      [tenantId],
    );
    for (const order of [NEWEST_FIRST, OLDEST_FIRST]) {
      for (const [pageSize, lengths] of [
        [0, [...Array(11).fill(100), 1]],
        [1_000, [1_000, 101]],
        [1_001, [1_000, 101]],
        [2 ** 31 - 1, [1_000, 101]],
      ] as const) {
        const pages = await readPages(app, { tenantId, order }, [pageSize]);
        expect(pages.map((page) => page.length)).toEqual(lengths);
        expect(new Set(idsOf(pages.flat())).size).toBe(1_101);
      }
    }
  });

  it("R15: ends early at 1 MiB, with a token, and nothing is lost", async () => {
    const tenantId = aTenant();
    const mebibyte = 1024 * 1024;
    await app.setClock(noon);
    const answered = await Promise.all(
      Array.from({ length: 270 }, () => {
        const metadata = { note: randomBytes(3_050).toString("hex").padEnd(8_180, "x") };
        return record(app, { tenantId, metricCode: "bytes", planCode, metadata });
      }),
    );
    const expected = idsOf(answered).sort();
    for (const order of [NEWEST_FIRST, OLDEST_FIRST]) {
      const pages = await readPages(app, { tenantId, order }, [1_000]);
      expect(idsOf(pages.flat())).toEqual(order === OLDEST_FIRST ? expected : expected.toReversed());
      expect(pages).toHaveLength(3);
      for (const [index, events] of pages.entries()) {
        const bytes = toBinary(ListEventsResponseSchema, {
          $typeName: "quota.v1.ListEventsResponse",
          events,
          nextPageToken: "",
        }).byteLength;
        // The frame around each event, some bytes, is not counted.
        expect(bytes).toBeLessThan(mebibyte + 10 * events.length);
        if (index < 2) expect(bytes).toBeGreaterThan(mebibyte - 10_000);
      }
    }
  });
});
