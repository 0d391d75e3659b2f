import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LimitEnforcement } from "../../gen/quota/v1/usage_pb.ts";
import { openPipelinedPool } from "../../src/infrastructure/database/pipelined-pool.ts";
import { PipelinedTransactions } from "../../src/infrastructure/database/pipelined-transactions.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

const statementTimeoutMs = 600;

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});

afterAll(async () => {
  await app.stop();
});

it("a process that freezes while it holds a counter does not hold it for longer than a statement may take", async () => {
  const tenantId = randomUUID();
  const limits = [{ metricCode: "calls", limit: 9n, enforcement: LimitEnforcement.HARD }];
  await app.plans.createPlan({ plan: { code: "frozen", displayName: "Frozen", limits } });
  const use = () => app.quota.recordUsage({ tenantId, metricCode: "calls", amount: 1n, planCode: "frozen" });
  await use();
  const pool = openPipelinedPool({ url: app.database.serviceUrl, max: 1, connectTimeoutMs: 5_000 });
  const timeouts = { statementTimeoutMs, lockTimeoutMs: 500 };
  const other = new PipelinedTransactions(pool, { timeouts, answerTimeoutMs: 5_000, namedStatements: false });
  const frozen = await other.open([tenantId]);
  const lock = { name: "lock", sql: "select 1 from quota_usage_record where tenant_id = $1 for no key update" };
  expect(await frozen.query(lock, [tenantId])).toHaveLength(1);
  // A call waits longer for its counter than the server does for the silent session, which it ends.
  expect((await use()).event?.sequence).toBe(2n);
  await frozen.rollback();
  await other.close();
});
