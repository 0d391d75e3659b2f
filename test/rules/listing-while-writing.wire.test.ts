import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { EventOrder, PeriodKind, type UsageEvent } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, newPlan, unlimited } from "./fixtures.ts";
import { asSuperuser } from "./stored-rows.ts";
import { allEvents, epochMs, idMs, idsOf, readPages, record, untilBlocked, untilDoneOrBlocked } from "./usage-steps.ts";

const { NEWEST_FIRST, OLDEST_FIRST } = EventOrder;
const metrics = ["calls", "bytes", "seats"];
const writers = 8;

/** Two processes on one database; every second writer uses the other one. */
let app: TestApp;
let other: TestApp;
let planCode: string;

beforeAll(async () => {
  app = await startTestApp();
  other = await startTestApp({ database: app.database });
  planCode = await newPlan(app, ...metrics.map((metric) => unlimited(metric)));
});

afterAll(async () => {
  await other.stop();
  await app.stop();
});

beforeEach(async () => {
  await app.setClock(undefined);
});

/** Writers at work: each records one event after the other. */
interface Writing {
  /** Ids of what has been acknowledged so far. */
  readonly acknowledged: ReadonlySet<string>;
  /** Tells the writers that their present event is the last, and waits for it. */
  finish(): Promise<void>;
}

/** @param eventsEachMax so that a reader that follows them comes to an end */
function startWriting(tenantId: string, codes: readonly string[], eventsEachMax: number): Writing {
  const acknowledged = new Set<string>();
  let isFinishing = false;
  const work = Array.from({ length: writers }, async (_, writer) => {
    for (let count = 0; count < eventsEachMax && !isFinishing; count += 1) {
      const metricCode = codes[(writer + count) % codes.length] ?? "";
      const event = await record(writer % 2 === 0 ? app : other, { tenantId, metricCode, planCode });
      acknowledged.add(event.id);
    }
  });
  return {
    acknowledged,
    finish: async () => {
      isFinishing = true;
      await Promise.all(work);
    },
  };
}

it("R15: every event committed before the first page appears exactly once, while eight writers write", async () => {
  const tenantId = aTenant();
  const earlier = startWriting(tenantId, metrics, 6);
  await earlier.finish();
  const writing = startWriting(tenantId, metrics, 30);
  const scan = async (order: EventOrder, metricCode: string | undefined, sizes: readonly [number, ...number[]]) => {
    const before = [...earlier.acknowledged, ...writing.acknowledged];
    const request = { tenantId, order, ...(metricCode === undefined ? {} : { metricCode }) };
    const events = (await readPages(app, request, sizes)).flat();
    return { before, order, metricCode, events };
  };
  const scans = await Promise.all(
    ([[1], [7], [100], [1_000], [3, 1, 100]] as const).flatMap((sizes) =>
      [NEWEST_FIRST, OLDEST_FIRST].flatMap((order) => [
        scan(order, undefined, [...sizes]),
        scan(order, "bytes", [...sizes]),
      ]),
    ),
  );
  await writing.finish();

  const metricOf = new Map((await allEvents(app, tenantId)).map((event) => [event.id, event.metricCode]));
  expect(metricOf.size).toBe(earlier.acknowledged.size + writing.acknowledged.size);
  for (const { before, order, metricCode, events } of scans) {
    const ids = idsOf(events);
    const rising = [...new Set(ids)].sort();
    expect(ids).toEqual(order === OLDEST_FIRST ? rising : rising.toReversed());
    const matching = before.filter((id) => metricCode === undefined || metricOf.get(id) === metricCode);
    expect(matching.filter((id) => !ids.includes(id))).toEqual([]);
    expect(ids.filter((id) => !metricOf.has(id))).toEqual([]);
  }
});

it("R15: a reader that follows one metric oldest first, page after page, sees every event in its order", async () => {
  const tenantId = aTenant();
  const writing = startWriting(tenantId, ["calls"], 40);
  const seen: UsageEvent[] = [];
  /** Goes on after the last event seen, to the end of what is there. */
  const readOn = async () => {
    const last = seen.at(-1);
    const createdFrom = last === undefined ? {} : { createdFrom: timestampFromMs(idMs(last.id)) };
    const pages = await readPages(other, { tenantId, metricCode: "calls", order: OLDEST_FIRST, ...createdFrom }, [7]);
    seen.push(...pages.flat().filter((event) => last === undefined || event.id > last.id));
  };
  while (writing.acknowledged.size < 200) await readOn();
  await writing.finish();
  await readOn();
  expect(idsOf(seen)).toEqual(idsOf(await allEvents(app, tenantId)));
  expect(seen.map((event) => event.sequence)).toEqual(seen.map((_, index) => BigInt(index + 1)));
});

it("R15: no event of a new period is seen before one of the old period that is still being committed", async () => {
  const tenantId = aTenant();
  const hourly = await newPlan(app, hard("calls", 100n, PeriodKind.HOUR));
  const request = { tenantId, metricCode: "calls", planCode: hourly };
  await app.setClock(epochMs("2026-03-10T11:59:59.000Z"));
  await record(app, request);
  const seen = await asSuperuser(app.database, async (blocker) => {
    // Holds up the first call after it has read the clock, by the key that it is about to store.
    await blocker.query("begin");
    await blocker.query(copyWithKeySql, [tenantId, "slow"]);
    await app.setClock(epochMs("2026-03-10T11:59:59.999Z"));
    const slow = record(app, { ...request, idempotencyKey: "slow" });
    await untilBlocked(app, 1);
    await app.setClock(epochMs("2026-03-10T12:00:00.001Z"));
    const next = record(other, request);
    await untilDoneOrBlocked(app, next, 2);
    const read = await allEvents(app, tenantId);
    await blocker.query("rollback");
    await Promise.all([slow, next]);
    return read;
  });
  const all = await allEvents(app, tenantId);
  expect(all).toHaveLength(3);
  expect(idsOf(all).slice(0, seen.length)).toEqual(idsOf(seen));
});

const copyWithKeySql = `
  insert into quota_usage_event (tenant_id, id, metric_code, amount, metadata, created_at, idempotency_key, sequence,
      usage_after, enforcement, limit_source, plan_code, period_kind, period_start, period_end)
    select tenant_id, gen_random_uuid(), metric_code, amount, metadata, created_at, $2, sequence, usage_after,
      enforcement, limit_source, plan_code, period_kind, period_start, period_end
    from quota_usage_event where tenant_id = $1`;
