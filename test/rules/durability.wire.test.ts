import { afterAll, beforeAll, expect, it } from "vitest";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { EventOrder, LimitEnforcement, PeriodKind, type UsageEvent } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { GrpcConnection } from "../support/grpc-client.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** The service as a process of its own, which is killed in the midst of work. */
let database: TestDatabase;
let server: ServerProcess;
let connection: GrpcConnection;

beforeAll(async () => {
  database = await createTestDatabase();
  await startServer();
});

afterAll(async () => {
  connection.close();
  await server.end("SIGKILL");
  await database.drop();
});

async function startServer(): Promise<void> {
  server = await startServerProcess({ DATABASE_URL: database.serviceUrl });
  connection = new GrpcConnection(server.address);
}

it("R14, promise 2: what was acknowledged survives kill -9 and what was not is there once after a retry", async () => {
  const tenantId = aTenant();
  const planCode = "surviving";
  const limit = {
    metricCode: "calls",
    unlimited: true,
    enforcement: LimitEnforcement.HARD,
    periodKind: PeriodKind.YEAR,
  };
  await connection
    .service(PlanService)
    .createPlan({ plan: { code: planCode, displayName: planCode, limits: [limit] } });

  const request = (call: number) => ({
    tenantId,
    metricCode: "calls",
    amount: 1n,
    planCode,
    idempotencyKey: `call ${call}`,
  });
  const acknowledged = new Map<string, UsageEvent>();
  const unanswered: number[] = [];
  const killed = Promise.withResolvers<unknown>();
  let calls = 0;
  /** One call after the other, up to the first that gets no answer. */
  const caller = async () => {
    for (;;) {
      const call = calls++;
      const answer = await connection
        .service(QuotaService)
        .recordUsage(request(call))
        .catch(() => undefined);
      if (answer?.event === undefined) return unanswered.push(call);
      acknowledged.set(`call ${call}`, answer.event);
      if (acknowledged.size === 100) killed.resolve(server.end("SIGKILL"));
    }
  };
  const callers = Array.from({ length: 16 }, caller);
  expect(await killed.promise).toBe("SIGKILL");
  await Promise.all(callers);
  connection.close();
  await startServer();

  const quota = connection.service(QuotaService);
  const listed = async () => {
    const { events } = await quota.listEvents({ tenantId, order: EventOrder.OLDEST_FIRST, pageSize: 1_000 });
    return new Map(events.map((event) => [event.idempotencyKey ?? "", event]));
  };
  const survived = await listed();
  for (const [key, event] of acknowledged) expect(survived.get(key)).toEqual(event);

  const retried = await Promise.all(unanswered.map((call) => quota.recordUsage(request(call))));
  for (const { event, replayed } of retried) expect(replayed).toBe(survived.has(event?.idempotencyKey ?? ""));
  const all = [...(await listed()).values()];
  expect(all).toHaveLength(calls);
  expect(all.map((event) => event.sequence)).toEqual(all.map((_, index) => BigInt(index + 1)));
  const { status } = await quota.checkQuota({ tenantId, metricCode: "calls", amount: 1n, planCode });
  expect(status?.current).toBe(BigInt(calls));
});

it("R16: a page token goes on after kill -9, at the process that comes next", async () => {
  const tenantId = aTenant();
  const use = { tenantId, metricCode: "calls", amount: 1n, planCode: "surviving" };
  const first = connection.service(QuotaService);
  for (let index = 0; index < 3; index += 1) await first.recordUsage(use);
  const page = await first.listEvents({ tenantId, pageSize: 1 });
  const rest = await first.listEvents({ tenantId, pageToken: page.nextPageToken });
  expect(rest.events).toHaveLength(2);
  await server.end("SIGKILL");
  connection.close();
  await startServer();
  expect(await connection.service(QuotaService).listEvents({ tenantId, pageToken: page.nextPageToken })).toEqual(rest);
});
