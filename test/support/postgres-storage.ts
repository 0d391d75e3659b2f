import pg from "pg";
import type { UsageRefusal } from "../../src/domain/usage-refusal.ts";
import { openStorage } from "../../src/infrastructure/database/open-storage.ts";
import { millisecondsSql } from "../../src/infrastructure/database/usage/record-rows.ts";
import type { StorageUnderTest } from "../repositories/contract/storage-under-test.ts";
import { testClock } from "./test-clock.ts";
import { createTestDatabase } from "./test-database.ts";

export const testTimeouts = { statementTimeoutMs: 20_000, lockTimeoutMs: 15_000 };

/** The PostgreSQL storage on a database of its own, as the service opens it, with a clock that the test sets. */
export async function makePostgresStorage(): Promise<StorageUnderTest> {
  const database = await createTestDatabase();
  const storage = await openStorage({
    url: database.serviceUrl,
    poolMax: 10,
    timeouts: testTimeouts,
    lockPatienceMs: testTimeouts.lockTimeoutMs,
    clock: testClock,
    namedStatements: true,
  });
  return {
    usageUnitOfWork: storage.usageUnitOfWork,
    usage: storage.usage,
    events: storage.events,
    control: storage.control,
    admin: storage.admin,
    apiKeys: storage.apiKeys,
    apiKeyDirectory: storage.apiKeyDirectory,
    setClock: (instant) => database.setClock(instant),
    readRefusals: (tenantId) => readRefusals(database.superuserUrl, tenantId),
    close: async () => {
      await storage.close();
      await database.drop();
    },
  };
}

/** As the superuser, whom row level security does not bind: no port reads refusals yet. */
export async function readRefusals(superuserUrl: string, tenantId: string): Promise<UsageRefusal[]> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select metric_code, count, last_limit, last_current, last_amount, ${millisecondsSql("hour")} as hour,
        ${millisecondsSql("last_refused_at")} as last_refused_at from quota_usage_refusal where tenant_id = $1`,
      [tenantId],
    );
    return rows.map((row) => ({
      tenantId,
      metricCode: row.metric_code,
      hour: Number(row.hour),
      count: BigInt(row.count),
      lastLimit: BigInt(row.last_limit),
      lastCurrent: BigInt(row.last_current),
      lastAmount: BigInt(row.last_amount),
      lastRefusedAt: Number(row.last_refused_at),
    }));
  } finally {
    await client.end();
  }
}
