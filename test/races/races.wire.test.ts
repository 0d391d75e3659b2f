import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { LimitEnforcement, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { GrpcConnection, RefusedCallError } from "../support/grpc-client.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** Two server processes on one PostgreSQL, as a team would run them for availability. */
describe("two server processes on one PostgreSQL", () => {
  let database: TestDatabase;
  let servers: ServerProcess[];
  let connections: GrpcConnection[];
  const planCode = "racing";

  const quota = (index: number) => {
    const connection = connections[index % connections.length];
    if (connection === undefined) throw new Error("there is no connection");
    return connection.service(QuotaService);
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    // On a slow machine too, nobody is to be told to come back later.
    const env = { DATABASE_URL: database.serviceUrl, LOCK_TIMEOUT_MS: "20000", STATEMENT_TIMEOUT_MS: "25000" };
    servers = await Promise.all([startServerProcess(env), startServerProcess(env)]);
    connections = servers.map((server) => new GrpcConnection(server.address));
    const [first] = connections;
    const limits = ["first", "second"].map((metricCode) => ({
      metricCode,
      limit: 100n,
      enforcement: LimitEnforcement.HARD,
      periodKind: PeriodKind.MONTH,
    }));
    await first?.service(PlanService).createPlan({ plan: { code: planCode, displayName: "Racing", limits } });
  });

  afterAll(async () => {
    for (const connection of connections) connection.close();
    await Promise.all(servers.map((server) => server.end()));
    await database.drop();
  });

  async function expectExactly100Admitted(tenantId: string, outcomes: readonly PromiseSettledResult<unknown>[]) {
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(refused.filter((error) => !isQuotaExceeded(error))).toEqual([]);
    expect(refused.length).toBe(outcomes.length - 100);
    const events = await readEvents(database, tenantId);
    expect(events.map((event) => event.sequence)).toEqual(Array.from({ length: 100 }, (_, index) => `${index + 1}`));
    expect(events.map((event) => event.usage_after)).toEqual(events.map((event) => event.sequence));
    expect(await readRecords(database, tenantId)).toEqual([{ current_usage: "100", last_sequence: "100" }]);
  }

  it("R1, R2, R7: 200 calls of 1 against a HARD limit of 100 admit exactly 100, the first of the period among them", async () => {
    const tenantId = randomUUID();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, index) =>
        quota(index).recordUsage({ tenantId, metricCode: "first", amount: 1n, planCode }),
      ),
    );
    await expectExactly100Admitted(tenantId, outcomes);
    const status = await quota(0).checkQuota({ tenantId, metricCode: "first", amount: 1n, planCode });
    expect(status).toMatchObject({ allowed: false, wouldExceed: true, remaining: -1n });
  });

  it("R1, R2: a counter that others hold again and again, so that its calls wait aside, admits exactly its limit", async () => {
    const tenantId = randomUUID();
    const use = (index: number) => quota(index).recordUsage({ tenantId, metricCode: "first", amount: 1n, planCode });
    const holder = new pg.Client({ connectionString: database.superuserUrl });
    await holder.connect();
    const calls: Promise<PromiseSettledResult<unknown>[]>[] = [Promise.allSettled([use(0)])];
    await calls[0];
    const call20 = () => {
      for (let index = 0; index < 20; index += 1) calls.push(Promise.allSettled([use(index)]));
    };
    for (let round = 0; round < 5; round += 1) {
      await holder.query("begin");
      await holder.query("select 1 from quota_usage_record where tenant_id = $1 for update", [tenantId]);
      call20();
      // Longer than a batch waits for a lock.
      await delay(150);
      await holder.query("rollback");
      call20();
      await delay(10);
    }
    await holder.end();
    await expectExactly100Admitted(tenantId, (await Promise.all(calls)).flat());
  });

  it("R13: fifty calls with one key write one event and get fifty equal answers", async () => {
    const tenantId = randomUUID();
    const request = { tenantId, metricCode: "first", amount: 3n, planCode, idempotencyKey: "order-17" };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => quota(index).recordUsage(request)));

    expect(answers.filter((answer) => !answer.replayed).length).toBe(1);
    expect(new Set(answers.map((answer) => answer.event?.id)).size).toBe(1);
    for (const answer of answers) {
      expect({ ...answer, replayed: true }).toEqual({ ...answers[0], replayed: true });
    }
    expect((await readEvents(database, tenantId)).length).toBe(1);
    expect(await readRecords(database, tenantId)).toEqual([{ current_usage: "3", last_sequence: "1" }]);
  });

  it("R13: one key on two metrics at once is admitted for one and refused for the other", async () => {
    for (let round = 0; round < 10; round += 1) {
      const tenantId = randomUUID();
      const outcomes = await Promise.allSettled(
        ["first", "second"].map((metricCode, index) =>
          quota(index).recordUsage({ tenantId, metricCode, amount: 1n, planCode, idempotencyKey: "same" }),
        ),
      );
      const reasons = outcomes.flatMap((outcome) =>
        outcome.status === "rejected" ? [(outcome.reason as RefusedCallError).refusal.reason] : [],
      );
      expect(reasons).toEqual(["IDEMPOTENCY_KEY_REUSED"]);
      expect((await readEvents(database, tenantId)).length).toBe(1);
    }
  });

  it("R11: first calls that see different period kinds at once still number the metric's events in commit order", async () => {
    const code = "racing-daily";
    const limits = [
      { metricCode: "first", limit: 100n, enforcement: LimitEnforcement.HARD, periodKind: PeriodKind.DAY },
    ];
    await connections[0]?.service(PlanService).createPlan({ plan: { code, displayName: "Daily", limits } });
    for (let round = 0; round < 10; round += 1) {
      const tenantId = randomUUID();
      await Promise.all(
        [planCode, code, planCode, code].map((requested, index) =>
          quota(index).recordUsage({ tenantId, metricCode: "first", amount: 1n, planCode: requested }),
        ),
      );
      const records = await readRecords(database, tenantId);
      expect(records).toEqual([
        { current_usage: "2", last_sequence: "2" },
        { current_usage: "2", last_sequence: "2" },
      ]);
    }
  });
});

function isQuotaExceeded(error: unknown): boolean {
  return error instanceof RefusedCallError && error.refusal.reason === "QUOTA_EXCEEDED";
}

async function readEvents(database: TestDatabase, tenantId: string) {
  return await query(database, "select sequence, usage_after from quota_usage_event where tenant_id = $1 order by id", [
    tenantId,
  ]);
}

async function readRecords(database: TestDatabase, tenantId: string) {
  const sql = "select current_usage, last_sequence from quota_usage_record where tenant_id = $1 order by ordinal";
  return await query(database, sql, [tenantId]);
}

/** As the superuser, past every policy: what really is in the tables. */
async function query(database: TestDatabase, sql: string, parameters: unknown[]): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows;
  } finally {
    await client.end();
  }
}
