import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openStorage, type PostgresStorage } from "../../src/infrastructure/database/open-storage.ts";
import { StorageBusyError } from "../../src/repositories/storage-errors.ts";
import { aTenant } from "../support/builders.ts";
import { testTimeouts } from "../support/postgres-storage.ts";
import { testClock } from "../support/test-clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let database: TestDatabase;
let storage: PostgresStorage;

beforeAll(async () => {
  database = await createTestDatabase();
  storage = await openStorage({
    url: database.serviceUrl,
    poolMax: 4,
    timeouts: testTimeouts,
    lockPatienceMs: 50,
    clock: testClock,
    namedStatements: true,
  });
});

afterAll(async () => {
  await storage.close();
  await database.drop();
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  return client;
}

/** Lets the server hold a lock on tables while the work runs. */
async function whileLocked(lock: string, work: () => Promise<void>): Promise<void> {
  const holder = await connect();
  try {
    await holder.query("begin");
    await holder.query(lock);
    await work();
  } finally {
    await holder.end();
  }
}

describe("findBlocked", () => {
  const find = () => storage.usageUnitOfWork.findBlocked([{ tenantId: aTenant(), metricCode: "calls" }]);

  it.each([
    "lock table quota_usage_record in access exclusive mode",
    "lock table quota_usage_record in share mode",
    "lock table quota_usage_event in share mode",
    "lock table quota_usage_refusal in exclusive mode",
    "lock table quota_plan in access exclusive mode",
  ])("says that no counter can be named while somebody has run: %s", async (lock) => {
    await whileLocked(lock, async () => {
      await expect(find()).rejects.toBeInstanceOf(StorageBusyError);
    });
    expect(await find()).toEqual([]);
  });

  it.each([
    "lock table quota_usage_event in row exclusive mode",
    "lock table quota_usage_event in share update exclusive mode",
    "lock table quota_plan in share mode",
  ])("is not misled by a lock that is in nobody's way: %s", async (lock) => {
    await whileLocked(lock, async () => {
      expect(await find()).toEqual([]);
    });
  });

  it("names the counter alone that several transactions want, and no table that they stand in line in", async () => {
    const [wanted, free] = [aTenant(), aTenant()];
    const keys = [wanted, free].map((tenantId) => ({ tenantId, metricCode: "calls" }));
    const [holder, first, second] = await Promise.all([connect(), connect(), connect()]);
    const lock = (strength: string) => `select 1 from quota_usage_record where tenant_id = $1 for ${strength}`;
    try {
      for (const tenantId of [wanted, free]) await holder.query(insertRecord, [tenantId]);
      await holder.query("begin");
      await holder.query(lock("update"), [wanted]);
      const inLine = [first.query(lock("update"), [wanted]), second.query(lock("no key update"), [wanted])];
      await vi.waitFor(async () => expect(await tupleLocks(holder)).toBeGreaterThan(0), { timeout: 10_000 });
      expect(await storage.usageUnitOfWork.findBlocked(keys)).toEqual([keys[0]]);
      await holder.query("rollback");
      await Promise.all(inLine);
    } finally {
      // The holder first: the others wait for it.
      for (const client of [holder, first, second]) await client.end();
    }
  });
});

async function tupleLocks(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from pg_locks
      where locktype = 'tuple' and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows[0]?.count ?? 0;
}

const insertRecord = `
  insert into quota_usage_record (tenant_id, id, metric_code, period_kind, period_start, period_end, ordinal, current_usage,
      last_sequence, last_event_id, last_event_at, created_at)
    select $1, gen_random_uuid(), 'calls', 'MONTH', date_trunc('month', now()), date_trunc('month', now()) + interval '1 month',
      1, 1, 1, '01900000-0000-7000-8000-000000000001', now(), now()`;
