import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { LimitEnforcement } from "../../gen/quota/v1/usage_pb.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/infrastructure/embedded-postgres/start.ts";
import { GrpcConnection, RefusedCallError } from "../support/grpc-client.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";

/** Callers of each of the two processes, and how often a backend at work is killed under them. */
const callers = 15;
const kills = 8;
const pauseMs = 700;
const planCode = "crashing";

let dataDir: string;
let postgres: EmbeddedPostgres;
let servers: ServerProcess[];
let connections: GrpcConnection[];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "quota-crash-"));
  postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  const env = { DATABASE_URL: postgres.serviceUrl, DATABASE_OWNER_URL: postgres.ownerUrl, LOG_LEVEL: "info" };
  const first = await startServerProcess(env);
  servers = [first, await startServerProcess(env)];
  connections = servers.map((server) => new GrpcConnection(server.address));
  const limits = ["a", "b", "c"].map((metricCode) => ({
    metricCode,
    limit: 10n ** 12n,
    enforcement: LimitEnforcement.HARD,
  }));
  await connections[0]?.service(PlanService).createPlan({ plan: { code: planCode, displayName: "Crashing", limits } });
});

afterAll(async () => {
  for (const connection of connections) connection.close();
  await Promise.all(servers.map((server) => server.end("SIGKILL")));
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/**
 * A killed backend makes PostgreSQL recover from its log, after which it hands out the ids of transactions that had not reached
 * the log once more. Whoever takes such an id's "committed" for its own acknowledges what is lost.
 */
it("promise 2: every acknowledged event survives crashes of PostgreSQL under load through two processes", async () => {
  const tenantId = randomUUID();
  const acknowledged: string[] = [];
  let isOver = false;
  const call = async (connection: GrpcConnection, caller: number) => {
    const quota = connection.service(QuotaService);
    for (let n = 0; !isOver; n += 1) {
      const key = n % 2 === 0 ? { idempotencyKey: randomUUID() } : {};
      const metricCode = ["a", "b", "c"][(caller + n) % 3] ?? "a";
      try {
        const { event } = await quota.recordUsage({ tenantId, metricCode, amount: 3n, planCode, ...key });
        if (event !== undefined) acknowledged.push(event.id);
      } catch (error) {
        expectOutage(error);
        await delay(20);
      }
    }
  };
  const load = connections.flatMap((connection) =>
    Array.from({ length: callers }, (_, caller) => call(connection, caller)),
  );
  for (let kill = 0; kill < kills; kill += 1) {
    await delay(pauseMs);
    await killBackendAtWork();
  }
  await delay(pauseMs);
  isOver = true;
  await Promise.all(load);
  await databaseAnswers();

  const stored = await query("select id::text as id from quota_usage_event where tenant_id = $1", [tenantId]);
  const ids = new Set(stored.map((row) => row["id"]));
  expect(acknowledged.length).toBeGreaterThan(kills * callers);
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
  const sums = `select r.current_usage::text as counter, sum(e.amount)::text as used from quota_usage_record r
    join quota_usage_event e using (tenant_id, metric_code) where r.tenant_id = $1 group by r.metric_code, r.current_usage`;
  for (const row of await query(sums, [tenantId])) expect(row["counter"]).toBe(row["used"]);
});

function expectOutage(error: unknown): void {
  if (!(error instanceof RefusedCallError)) throw error;
  expect(["DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN", "OVERLOADED"]).toContain(error.refusal.reason);
}

/** While the server recovers there may be nobody to kill and nobody to ask; the next attempt finds one. */
async function killBackendAtWork(): Promise<void> {
  const sql = `select pid from pg_stat_activity
    where usename = 'quota_service' and state in ('active', 'idle in transaction') limit 1`;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const [backend] = await query(sql, []).catch(() => []);
    if (backend !== undefined) {
      try {
        process.kill(Number(backend["pid"]), "SIGKILL");
        return;
      } catch {
        // It has ended by itself since.
      }
    }
    await delay(5);
  }
  throw new Error("no backend was found at work");
}

/** The last crash may not be over yet. */
async function databaseAnswers(): Promise<void> {
  await vi.waitFor(() => query("select 1", []), { timeout: 20_000, interval: 50 });
}

async function query(sql: string, parameters: unknown[]): Promise<Record<string, string>[]> {
  const url = new URL(postgres.superuserUrl);
  url.pathname = "/quota";
  const client = new pg.Client({ connectionString: url.href });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
