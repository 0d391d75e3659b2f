import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RecordUsageResponse } from "../../gen/quota/v1/quota_service_pb.ts";
import { aTenant } from "../support/builders.ts";
import type { SentValue } from "../support/postgres-messages.ts";
import { type PostgresProxy, startPostgresProxy } from "../support/postgres-proxy.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { hard, newPlan } from "./fixtures.ts";

let database: TestDatabase;
let proxy: PostgresProxy;
let app: TestApp;
let planCode: string;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startPostgresProxy(database.serviceUrl);
  const env = { DATABASE_URL: proxy.url, STATEMENT_TIMEOUT_MS: "120000", LOCK_TIMEOUT_MS: "100000" };
  app = await startTestApp({ database, env });
  planCode = await newPlan(app, hard("calls", 1_000n));
});

afterAll(async () => {
  await app.stop();
  await proxy.close();
  await database.drop();
});

function use(tenantId: string): Promise<RecordUsageResponse> {
  return app.quota.recordUsage({ tenantId, metricCode: "calls", amount: 1n, planCode });
}

/** As it stands in an array of UUIDs. */
function bytesOf(tenantId: string): Buffer {
  return Buffer.from(tenantId.replaceAll("-", ""), "hex");
}

/** Statements that lock the counters of a batch, which wait for those that are held. */
function locksOf(...tenantIds: string[]): number {
  const isLock = (text: string) => /\bno key update\b/.test(text) && !text.includes("skip locked");
  const isFor = (values: readonly SentValue[]) =>
    tenantIds.map(bytesOf).every((bytes) => values.some((value) => value instanceof Buffer && value.includes(bytes)));
  return proxy.statements.filter(({ text, values }) => isLock(text) && isFor(values)).length;
}

it("group commit: a held counter is waited for once in its neighbours' batches, however many calls come for it", async () => {
  const [held, free] = [aTenant(), aTenant()];
  await Promise.all([use(held), use(free)]);
  const holder = new pg.Client({ connectionString: database.superuserUrl });
  await holder.connect();
  await holder.query("begin");
  await holder.query("select 1 from quota_usage_record where tenant_id = $1 for update", [held]);
  proxy.statements.length = 0;
  const waiting: Promise<RecordUsageResponse>[] = [];
  const rounds = 30;
  for (let round = 0; round < rounds; round += 1) {
    // What comes while the first is under way goes together.
    const first = use(free);
    waiting.push(use(held));
    await Promise.all([first, use(free), use(free)]);
  }
  await holder.query("rollback");
  await holder.end();
  const answers = await Promise.all(waiting);
  expect(answers.map(({ event }) => event?.sequence)).toEqual(answers.map((_, index) => BigInt(index + 2)));
  expect(locksOf(free)).toBeGreaterThanOrEqual(rounds);
  expect(locksOf(held)).toBeGreaterThan(1);
  expect(locksOf(held, free)).toBeLessThanOrEqual(1);
});
