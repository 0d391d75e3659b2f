import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { RefusedCallError } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, newPlan, soft } from "./fixtures.ts";
import { query } from "./stored-rows.ts";
import { epochMs, record } from "./usage-steps.ts";

let app: TestApp;
/** On the same database, as another process would be. */
let other: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  other = await startTestApp({ database: app.database });
});

afterAll(async () => {
  await other.stop();
  await app.stop();
});

describe("constraints of the database", () => {
  /** One event and its counter in the March of Berlin, to make rows from that break one thing. */
  const tenantId = aTenant();
  const start = "2026-02-28T23:00:00.000Z";
  const end = "2026-03-31T22:00:00.000Z";
  let superuser: pg.Client;

  afterAll(async () => {
    await superuser.end();
  });

  beforeAll(async () => {
    superuser = new pg.Client({ connectionString: app.database.superuserUrl });
    await superuser.connect();
    const planCode = await newPlan(app, hard("calls", 100n));
    await app.subscriptions.putSubscription({ subscription: { tenantId, planCode, timeZone: "Europe/Berlin" } });
    await app.setClock(epochMs("2026-03-10T12:00:00.000Z"));
    await record(app, { tenantId, metricCode: "calls", amount: 5n, idempotencyKey: "first" });
  });

  const freshEvent = {
    id: "gen_random_uuid()",
    sequence: "sequence + 1",
    usage_after: "usage_after + amount",
    idempotency_key: "'second'",
  };
  const freshRecord = { id: "gen_random_uuid()", ordinal: "ordinal + 1", metric_code: "'other'" };

  it.each([
    ["an event before its period", "time_check", { created_at: `timestamptz '${start}' - interval '1 ms'` }],
    ["an event at the end of its period", "time_check", { created_at: `timestamptz '${end}'` }],
    ["an amount of 0", "amount_check", { amount: "0" }],
    ["an amount below 0", "amount_check", { amount: "-1" }],
    ["an amount above 10^15", "amount_check", { amount: "1000000000000001", usage_after: "1000000000000001" }],
    ["usage after the event below its amount", "usage_check", { usage_after: "amount - 1" }],
    ["usage above 2^53 - 1", "usage_check", { usage_after: "9007199254740992" }],
    ["a sequence of 0", "sequence_check", { sequence: "0" }],
    ["an id for the second time", "pkey", { id: "id" }],
    ["a key for the second time", "idempotency_key", { idempotency_key: "'first'" }],
  ])("R7, R8: refuse %s", async (_, constraint, broken) => {
    expect(await copyRow("quota_usage_event", freshEvent)).toBe("accepted");
    expect(await copyRow("quota_usage_event", { ...freshEvent, ...broken })).toBe(`quota_usage_event_${constraint}`);
  });

  it.each([
    ["a last event before the period", "time_check", { last_event_at: `timestamptz '${start}' - interval '1 ms'` }],
    ["a last event at the end of the period", "time_check", { last_event_at: `timestamptz '${end}'` }],
    ["an empty period", "time_check", { period_end: "period_start", last_event_at: "period_start" }],
    ["a counter below 0", "usage_check", { current_usage: "-1" }],
    ["a counter above 2^53 - 1", "usage_check", { current_usage: "9007199254740992" }],
    ["a sequence below 0", "sequence_check", { last_sequence: "-1" }],
    ["a second counter of one period", "period_key", { metric_code: "metric_code" }],
    [
      "two counters that both came first",
      "ordinal_key",
      { metric_code: "metric_code", period_kind: "'DAY'", ordinal: "1" },
    ],
  ])("R7, R8: refuse %s", async (_, constraint, broken) => {
    expect(await copyRow("quota_usage_record", freshRecord)).toBe("accepted");
    expect(await copyRow("quota_usage_record", { ...freshRecord, ...broken })).toBe(`quota_usage_record_${constraint}`);
  });

  /** Inserts a copy of the tenant's row with other columns, and takes it back; names the constraint that refused. */
  async function copyRow(table: string, changes: Readonly<Record<string, string>>): Promise<string | undefined> {
    const { rows } = await superuser.query(
      "select attname from pg_attribute where attrelid = $1::regclass and attnum > 0",
      [table],
    );
    const columns = rows.map((row): string => row.attname);
    const values = columns.map((column) => changes[column] ?? column);
    await superuser.query("begin");
    try {
      const { rowCount } = await superuser.query(
        `insert into ${table} (${columns.join(", ")}) select ${values.join(", ")} from ${table} where tenant_id = $1`,
        [tenantId],
      );
      expect(rowCount).toBe(1);
      return "accepted";
    } catch (error) {
      return (error as pg.DatabaseError).constraint;
    } finally {
      await superuser.query("rollback");
    }
  }
});

describe("counters", () => {
  const kinds = [PeriodKind.HOUR, PeriodKind.DAY, PeriodKind.MONTH, PeriodKind.LIFETIME];
  const metrics = ["calls", "bytes"];

  const anAttempt = fc.record({
    tenant: fc.nat(2),
    metricCode: fc.constantFrom(...metrics),
    plan: fc.nat(kinds.length - 1),
    amount: fc.bigInt(1n, 40n),
    key: fc.option(fc.nat(5), { freq: 3 }),
    server: fc.nat(1),
  });
  /** Calls that are made at once, and how far the clock moves before them: ahead as a rule, back at times. */
  const aBurst = fc.record({
    moveMs: fc.oneof({ arbitrary: fc.nat(7_200_000), weight: 3 }, fc.integer({ min: -1_800_000, max: 0 })),
    attempts: fc.array(anAttempt, { minLength: 1, maxLength: 25 }),
  });

  it("R7, promise 3: equal the sum of their events after any workload, which is what was acknowledged", async () => {
    const planCodes = await Promise.all(
      kinds.map((kind) => newPlan(app, hard("calls", 150n, kind), soft("bytes", 100n, kind))),
    );
    const workload = async (bursts: readonly (typeof aBurst extends fc.Arbitrary<infer Burst> ? Burst : never)[]) => {
      const tenantIds = [aTenant(), aTenant(), aTenant()];
      const admitted = new Map<string, bigint>();
      let now = epochMs("2026-03-31T20:00:00.000Z");
      for (const { moveMs, attempts } of bursts) {
        now += moveMs;
        await app.setClock(now);
        const calls = attempts.map(async ({ tenant, metricCode, plan, amount, key, server }) => {
          const { event } =
            (await [app, other][server]?.quota.recordUsage({
              tenantId: tenantIds[tenant] ?? "",
              metricCode,
              planCode: planCodes[plan] ?? "",
              amount,
              ...(key === null ? {} : { idempotencyKey: `key-${key}` }),
            })) ?? {};
          if (event !== undefined) admitted.set(event.id, event.amount);
        });
        for (const outcome of await Promise.allSettled(calls)) {
          if (outcome.status === "rejected") expect(reasonsAllowed).toContain(reasonOfError(outcome.reason));
        }
      }
      const [total] = await query(app.database, totalSql, [tenantIds]);
      const sum = [...admitted.values()].reduce((left, right) => left + right, 0n);
      expect(total).toEqual({ events: `${admitted.size}`, amount: `${sum}`, usage: `${sum}` });
      expect(await query(app.database, unequalCountersSql, [tenantIds])).toEqual([]);
      expect(await query(app.database, unnumberedEventsSql, [tenantIds])).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(fc.array(aBurst, { minLength: 2, maxLength: 6 }), workload), {
      numRuns: 8,
      endOnFailure: true,
    });
  });
});

const reasonsAllowed = ["QUOTA_EXCEEDED", "IDEMPOTENCY_KEY_REUSED"];

function reasonOfError(error: unknown): string | undefined {
  return error instanceof RefusedCallError ? error.refusal.reason : String(error);
}

const totalSql = `
  select count(*) as events, coalesce(sum(amount), 0) as amount,
    (select coalesce(sum(current_usage), 0) from quota_usage_record where tenant_id = any ($1)) as usage
  from quota_usage_event where tenant_id = any ($1)`;

/** Counters that are not what their events make of them. */
const unequalCountersSql = `
  with summed as (
    select tenant_id, metric_code, period_kind, period_start, period_end, sum(amount) as usage, count(*) as events,
      max(id::text)::uuid as last_id, max(created_at) as last_at
    from quota_usage_event where tenant_id = any ($1) group by 1, 2, 3, 4, 5
  ), stored as (select * from quota_usage_record where tenant_id = any ($1))
  select * from summed s full join stored r using (tenant_id, metric_code, period_kind, period_start, period_end)
    where (s.usage, s.events, s.last_id, s.last_at)
      is distinct from (r.current_usage::numeric, r.last_sequence, r.last_event_id, r.last_event_at)`;

/** Events that do not continue the one before them in their counter, or whose id does not rise within the metric. */
const unnumberedEventsSql = `
  select * from (
    select e.*, row_number() over counter as expected_sequence, sum(amount) over counter as expected_usage,
      ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint as id_ms,
      max(created_at) over (partition by tenant_id, metric_code order by id rows unbounded preceding) as latest_so_far
    from quota_usage_event e where tenant_id = any ($1)
    window counter as (partition by tenant_id, metric_code, period_kind, period_start order by id)
  ) e
  where sequence <> expected_sequence or usage_after <> expected_usage or created_at < latest_so_far
    or id_ms <> (extract(epoch from created_at) * 1000)::bigint`;
