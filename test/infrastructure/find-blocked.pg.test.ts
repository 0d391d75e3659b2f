import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

/** Lets the server hold a lock on tables while the work runs. */
async function whileLocked(lock: string, work: () => Promise<void>): Promise<void> {
  const holder = new pg.Client({ connectionString: database.superuserUrl });
  await holder.connect();
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
});
