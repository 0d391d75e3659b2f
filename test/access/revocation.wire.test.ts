import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { aKeyFile, type KeyFile } from "../support/api-keys.ts";
import { aTenant } from "../support/builders.ts";
import { GrpcConnection, RefusedCallError } from "../support/grpc-client.ts";
import { type KeyedApp, startKeyedApp } from "../support/keyed-app.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** Calls that a key made, when they began and how they ended. */
interface Call {
  readonly begunAt: number;
  readonly reason: string | undefined;
}

describe("a key that is revoked", () => {
  let database: TestDatabase;
  let file: KeyFile;
  let app: KeyedApp;
  let other: ServerProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    file = await aKeyFile();
    app = await startKeyedApp({ database, adminSecret: file.secret });
    // The service's own clock: the one of tests is none of a process's.
    const env = { DATABASE_URL: database.serviceUrl, AUTH: "required", BOOTSTRAP_ADMIN_KEY_FILE: file.path };
    other = await startServerProcess(env);
    await app.plans.createPlan({ plan: { code: "free", isDefault: true } });
  });

  afterAll(async () => {
    await other.end();
    await app.stop();
    await file.remove();
    await database.drop();
  });

  /** Calls one after the other until told to stop; each is added to the calls as it ends. */
  async function callUntil(connection: GrpcConnection, isOver: () => boolean, calls: Call[] = []): Promise<Call[]> {
    const quota = connection.service(QuotaService);
    const tenantId = aTenant();
    while (!isOver()) {
      const begunAt = performance.now();
      calls.push({ begunAt, reason: await quota.getStatus({ tenantId }).then(() => undefined, reasonOf) });
    }
    return calls;
  }

  it("is refused by a process that could not ask for a while, as soon as its lease has run out", async () => {
    const { id, secret } = await app.newKey();
    const connection = new GrpcConnection(other.address, secret);
    const quota = connection.service(QuotaService);
    await quota.getStatus({ tenantId: aTenant() });
    // A process that is frozen renews nothing, and hears of nothing.
    process.kill(other.process.pid ?? 0, "SIGSTOP");
    await app.apiKeys.revokeApiKey({ id });
    process.kill(other.process.pid ?? 0, "SIGCONT");
    const reason = await quota.getStatus({ tenantId: aTenant() }).then(() => undefined, reasonOf);
    expect(["CREDENTIAL_INVALID", "CALLER_THROTTLED"]).toContain(reason);
    connection.close();
  });

  it.each([1, 2, 3])("lets no call in that begins after the answer, in any process (%i)", async () => {
    const { id, secret } = await app.newKey({ role: Role.SERVICE });
    const addresses = [app.address, app.address, other.address, other.address];
    const connections = addresses.map((address) => new GrpcConnection(address, secret));
    let isOver = false;
    const progress: Call[][] = connections.map(() => []);
    const callers = connections.map((connection, index) => callUntil(connection, () => isOver, progress[index]));
    await vi.waitUntil(() => progress.every((calls) => calls.length > 20), { timeout: 30_000 });
    // Renewed several times, at whatever moment this is.
    await delay(1_000 + Math.random() * 1_000);
    await app.apiKeys.revokeApiKey({ id });
    const answeredAt = performance.now();
    // Waited for by their number: a loaded machine makes few in any given time.
    await vi.waitUntil(() => progress.every((calls) => callsAfter(calls, answeredAt).length > 5), { timeout: 30_000 });
    isOver = true;
    for (const calls of await Promise.all(callers)) {
      const after = callsAfter(calls, answeredAt);
      // Refused as invalid until the peer has failed too often.
      const reasons = new Set(after.map(({ reason }) => reason));
      expect([...reasons].filter((reason) => reason !== "CREDENTIAL_INVALID" && reason !== "CALLER_THROTTLED")).toEqual(
        [],
      );
      expect(calls.filter(({ reason }) => reason === undefined).length).toBeGreaterThan(20);
    }
    for (const connection of connections) connection.close();
    // The peer may fail again.
    await delay(1_500);
  });
});

function callsAfter(calls: readonly Call[], instant: number): Call[] {
  return calls.filter(({ begunAt }) => begunAt > instant);
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof RefusedCallError) return error.refusal.reason ?? error.refusal.code;
  throw error;
}
