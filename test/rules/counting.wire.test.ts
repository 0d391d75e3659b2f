import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PeriodKind, type UsageEvent } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, isoOf, newPlan, reasonOf, tenantOn } from "./fixtures.ts";
import { asSuperuser } from "./stored-rows.ts";
import { allEvents, epochMs, idMs, idsOf, record, untilBlocked } from "./usage-steps.ts";

const metricCode = "calls";
const noon = epochMs("2026-03-10T12:00:00.000Z");
const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const farAway = 1_000_000n;

let app: TestApp;
/** On the same database, as another process would be. */
let other: TestApp;
/** One metric in three kinds of period: a call chooses its counter by the plan that it names. */
let hourly: string;
let daily: string;
let monthly: string;

beforeAll(async () => {
  app = await startTestApp();
  other = await startTestApp({ database: app.database });
  hourly = await newPlan(app, hard(metricCode, farAway, PeriodKind.HOUR));
  daily = await newPlan(app, hard(metricCode, farAway, PeriodKind.DAY));
  monthly = await newPlan(app, hard(metricCode, farAway, PeriodKind.MONTH));
});

afterAll(async () => {
  await other.stop();
  await app.stop();
});

beforeEach(async () => {
  await app.setClock(noon);
});

describe("sequence and usage_after", () => {
  it("R7: events of a counter are numbered from 1 without gaps, and their amounts add up from 0", async () => {
    const tenantId = aTenant();
    const events: UsageEvent[] = [];
    for (const amount of [5n, 1n, 700n, 3n, 11n]) {
      events.push(await record(app, { tenantId, metricCode, planCode: monthly, amount }));
    }
    expect(events.map((event) => event.sequence)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(events.map((event) => event.usageAfter)).toEqual([5n, 6n, 706n, 709n, 720n]);
    expect(await allEvents(app, tenantId)).toEqual(events);
  });

  it("R7: a refused use leaves no gap", async () => {
    const { tenantId } = await tenantOn(app, hard(metricCode, 10n));
    await record(app, { tenantId, metricCode, amount: 8n });
    expect(await reasonOf(record(app, { tenantId, metricCode, amount: 3n }))).toBe("QUOTA_EXCEEDED");
    expect(await record(app, { tenantId, metricCode, amount: 2n })).toMatchObject({ sequence: 2n, usageAfter: 10n });
  });

  it("R7: a hundred calls at two processes at once are numbered in the order of their ids, and add up", async () => {
    const tenantId = aTenant();
    await app.setClock(undefined);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        record(index % 2 === 0 ? app : other, { tenantId, metricCode, planCode: monthly, amount: BigInt(index + 1) }),
      ),
    );
    const stored = await allEvents(app, tenantId);
    expect(stored).toEqual(answers.toSorted((a, b) => Number(a.sequence - b.sequence)));
    expectNumbered(stored);
    expect(stored.at(-1)?.usageAfter).toBe(5_050n);
  });

  it("R7: each period kind of a metric is a counter of its own", async () => {
    const tenantId = aTenant();
    for (const planCode of [hourly, daily, hourly, monthly, daily, hourly]) {
      await record(app, { tenantId, metricCode, planCode, amount: 2n });
    }
    const events = await allEvents(app, tenantId);
    for (const [planCode, length] of [
      [hourly, 3],
      [daily, 2],
      [monthly, 1],
    ] as const) {
      const ofCounter = events.filter((event) => event.planCode === planCode);
      expect(ofCounter).toHaveLength(length);
      expectNumbered(ofCounter);
    }
  });
});

describe("id and created_at", () => {
  it("R8: ids made in one millisecond are UUIDv7 that rise strictly, across all period kinds of a metric", async () => {
    const tenantId = aTenant();
    const events: UsageEvent[] = [];
    for (let round = 0; round < 8; round += 1) {
      for (const planCode of [monthly, hourly, daily])
        events.push(await record(app, { tenantId, metricCode, planCode }));
    }
    expectRising(events);
    for (const event of events) {
      expect(event.id).toMatch(uuidV7);
      expect(isoOf(event.createdAt)).toBe("2026-03-10T12:00:00.000Z");
      expect(idMs(event.id)).toBe(noon);
    }
  });

  it("R8: ids of concurrent calls in one millisecond rise with the sequence", async () => {
    const tenantId = aTenant();
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        record(index % 2 === 0 ? app : other, { tenantId, metricCode, planCode: monthly }),
      ),
    );
    const events = await allEvents(app, tenantId);
    expectNumbered(events);
    expectRising(events);
    expect(new Set(events.map((event) => idMs(event.id)))).toEqual(new Set([noon]));
  });

  it("R8: created_at is a whole millisecond of the database's clock, is the id's, and lies in the period", async () => {
    await app.setClock(undefined);
    const tenantId = aTenant();
    const databaseNow = () =>
      asSuperuser(app.database, async (client) => {
        const { rows } = await client.query(
          "select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now",
        );
        return Number(rows[0].now);
      });
    const before = await databaseNow();
    for (let index = 0; index < 10; index += 1) await record(app, { tenantId, metricCode, planCode: hourly });
    const after = await databaseNow();
    for (const { id, createdAt, periodStart, periodEnd } of await allEvents(app, tenantId)) {
      if (createdAt === undefined || periodStart === undefined || periodEnd === undefined) throw new Error("unset");
      expect(createdAt.nanos % 1_000_000).toBe(0);
      const created = timestampMs(createdAt);
      expect(created).toBe(idMs(id));
      expect(created).toBeGreaterThanOrEqual(Math.max(before, timestampMs(periodStart)));
      expect(created).toBeLessThanOrEqual(Math.min(after, timestampMs(periodEnd) - 1));
    }
  });
});

describe("the clock of a decision", () => {
  it("R9: never goes below the counter's last event, when the database's clock steps back", async () => {
    const tenantId = aTenant();
    const instants = [noon + 1_500, noon + 1_499, noon, noon + 1_500, noon + 1_501];
    const events: UsageEvent[] = [];
    for (const instant of instants) {
      await app.setClock(instant);
      events.push(await record(app, { tenantId, metricCode, planCode: monthly }));
    }
    expect(events.map((event) => isoOf(event.createdAt)?.slice(17))).toEqual([
      "01.500Z",
      "01.500Z",
      "01.500Z",
      "01.500Z",
      "01.501Z",
    ]);
    expectRising(events);
    for (const event of events) expect(new Date(idMs(event.id)).toISOString()).toBe(isoOf(event.createdAt));
  });

  it("R9: stays in the later period, when the database's clock steps back over the boundary", async () => {
    const tenantId = aTenant();
    const use = async (instant: string) => {
      await app.setClock(epochMs(instant));
      return await record(app, { tenantId, metricCode, planCode: hourly });
    };
    const events = [
      await use("2026-03-10T12:59:59.999Z"),
      await use("2026-03-10T13:00:00.250Z"),
      await use("2026-03-10T12:59:59.998Z"),
      await use("2026-03-10T11:00:00.000Z"),
    ];
    expect(events.map((event) => [isoOf(event.periodStart), event.sequence, isoOf(event.createdAt)])).toEqual([
      ["2026-03-10T12:00:00.000Z", 1n, "2026-03-10T12:59:59.999Z"],
      ["2026-03-10T13:00:00.000Z", 1n, "2026-03-10T13:00:00.250Z"],
      ["2026-03-10T13:00:00.000Z", 2n, "2026-03-10T13:00:00.250Z"],
      ["2026-03-10T13:00:00.000Z", 3n, "2026-03-10T13:00:00.250Z"],
    ]);
    expectRising(events);
  });

  it("R9: is one clock for all period kinds of a metric, whatever its steps back", async () => {
    const tenantId = aTenant();
    await app.setClock(epochMs("2026-03-31T23:59:59.000Z"));
    const first = await record(app, { tenantId, metricCode, planCode: monthly });
    await app.setClock(epochMs("2026-04-01T00:00:00.500Z"));
    const second = await record(app, { tenantId, metricCode, planCode: hourly });
    await app.setClock(epochMs("2026-03-31T23:59:59.500Z"));
    const third = await record(app, { tenantId, metricCode, planCode: monthly });

    expect(isoOf(third.createdAt)).toBe("2026-04-01T00:00:00.500Z");
    expect(isoOf(third.periodStart)).toBe("2026-04-01T00:00:00.000Z");
    expect(third.sequence).toBe(1n);
    expectRising([first, second, third]);
  });

  it("R9: is read under the lock, so that a call which waits past a period's end counts in the next", async () => {
    const tenantId = aTenant();
    await app.setClock(epochMs("2026-03-10T12:59:59.998Z"));
    const first = await record(app, { tenantId, metricCode, planCode: hourly });
    const waited = await asSuperuser(app.database, async (holder) => {
      await holder.query("begin");
      await holder.query("select from quota_usage_record where tenant_id = $1 for update", [tenantId]);
      await app.setClock(epochMs("2026-03-10T12:59:59.999Z"));
      const waiting = record(app, { tenantId, metricCode, planCode: hourly });
      await untilBlocked(app, 1);
      await app.setClock(epochMs("2026-03-10T13:00:00.000Z"));
      await holder.query("rollback");
      return await waiting;
    });
    expect(isoOf(waited.createdAt)).toBe("2026-03-10T13:00:00.000Z");
    expect(isoOf(waited.periodStart)).toBe("2026-03-10T13:00:00.000Z");
    expect(waited).toMatchObject({ sequence: 1n, usageAfter: 1n });
    expectRising([first, waited]);
  });
});

/** R7 of the events of one counter in the order given. */
function expectNumbered(events: readonly UsageEvent[]): void {
  let usage = 0n;
  for (const [index, event] of events.entries()) {
    usage += event.amount;
    expect([event.sequence, event.usageAfter]).toEqual([BigInt(index + 1), usage]);
  }
}

/** As the database orders them, which for lower-case UUIDs is the order of text. */
function expectRising(events: readonly UsageEvent[]): void {
  const ids = idsOf(events);
  expect(ids).toEqual([...new Set(ids)].sort());
}
