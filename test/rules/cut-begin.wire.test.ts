import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aTenant } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { hard, newPlan, refusalIn, subscribe } from "./fixtures.ts";

const poolMax = 3;
const stopTimeoutMs = 10_000;

/** As a Query message of PostgreSQL's protocol has it, and as a Parse message would. */
const beginPattern = /begin[;\0]/;

/** A network that cuts a connection when it is used again, which is when a server that restarted is noticed. */
class CuttingNetwork {
  /** How many more BEGINs do not get through. */
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: URL) {
    this.#server = createServer((client) => {
      const upstream = connect({ host: target.hostname, port: Number(target.port) });
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          client.destroy();
          upstream.destroy();
          this.#sockets.delete(socket);
        });
      }
      upstream.on("data", (chunk) => client.write(chunk));
      client.on("data", (chunk: Buffer) => {
        if (this.cuts > 0 && beginPattern.test(chunk.toString("latin1"))) {
          this.cuts -= 1;
          client.destroy();
        } else {
          upstream.write(chunk);
        }
      });
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

describe("connections that are lost as a transaction begins", () => {
  let database: TestDatabase;
  let network: CuttingNetwork;
  let app: TestApp;
  const tenantId = aTenant();

  beforeAll(async () => {
    database = await createTestDatabase();
    network = new CuttingNetwork(new URL(database.serviceUrl));
    const url = new URL(database.serviceUrl);
    url.hostname = "127.0.0.1";
    url.port = String(await network.listen());
    app = await startTestApp({ database, env: { DATABASE_URL: url.href, DATABASE_POOL_MAX: String(poolMax) } });
    await subscribe(app, tenantId, await newPlan(app, hard("items", 100n)));
  });

  // A connection that was never given back would hold up the stop for ever.
  afterAll(async () => {
    network.cuts = 0;
    await app.stop();
    network.close();
    await database.drop();
  }, stopTimeoutMs);

  const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["RecordUsage", () => app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n })],
    ["CheckQuota", () => app.quota.checkQuota({ tenantId, metricCode: "items", amount: 1n })],
    ["GetStatus", () => app.quota.getStatus({ tenantId })],
    ["ListEvents", () => app.quota.listEvents({ tenantId })],
    ["ListPlans", () => app.plans.listPlans({})],
    ["DeletePlan", () => app.plans.deletePlan({ code: "absent" })],
  ];

  it.each(calls)("error table: more of them than the pool holds leave a service that serves: %s", async (_, call) => {
    for (let round = 0; round < 2 * poolMax; round += 1) {
      network.cuts = 1;
      const reason = await call().then(
        () => undefined,
        (error: unknown) => refusalIn(error).reason,
      );
      expect([undefined, "DATABASE_UNAVAILABLE"]).toContain(reason);
      expect(network.cuts).toBe(0);
    }
    await Promise.all(Array.from({ length: 2 * poolMax }, call));
  });
});
