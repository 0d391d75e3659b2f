import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import { GrpcConnection } from "../support/grpc-client.ts";
import { failToStart, type ServerProcess } from "../support/server-process.ts";
import { DataDirectory } from "./own-postgres.ts";
import { exactly, expectRefusal } from "./refusal.ts";
import { RunningServers } from "./running-servers.ts";

/** The tenant of examples/plans.yaml, which the service loads by itself. */
const tenantId = "11111111-1111-4111-8111-111111111111";
const metricCode = "tracked_products";

/** As `npm start` runs it: in the project's folder, where the example plans are. */
describe("a service with a database of its own", () => {
  let directory: DataDirectory;
  const servers = new RunningServers();
  const connections = new Set<GrpcConnection>();

  const start = (env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> =>
    servers.start({ DATA_DIR: directory.path, ...env });

  function connect(server: ServerProcess): GrpcConnection {
    const connection = new GrpcConnection(server.address);
    connections.add(connection);
    return connection;
  }

  const record = (server: ServerProcess, amount: bigint) =>
    connect(server).service(QuotaService).recordUsage({ tenantId, metricCode, amount });

  async function usage(server: ServerProcess): Promise<bigint | undefined> {
    const status = await connect(server)
      .service(QuotaService)
      .getStatus({ tenantId, metricCodes: [metricCode] });
    return status.metrics[0]?.current;
  }

  beforeAll(async () => {
    directory = await DataDirectory.create();
  });

  afterEach(async () => {
    for (const connection of connections) connection.close();
    connections.clear();
    await servers.kill();
  });

  afterAll(async () => {
    await directory.remove();
  });

  it("starts on an empty folder with the example plans, and keeps what it recorded over a restart", async () => {
    const first = await start();
    const { status } = await record(first, 3n);
    expect(status).toMatchObject({ current: 3n, limit: 50n, planCode: "starter" });
    expect(await first.end()).toBe(0);
    expect(await directory.processes()).toEqual([]);

    const second = await start();
    expect(await usage(second)).toBe(3n);
    expect((await record(second, 1n)).event?.usageAfter).toBe(4n);
    expect(await second.end()).toBe(0);
  });

  it("takes over the PostgreSQL that a killed service left behind, with everything that was acknowledged", async () => {
    const killed = await start();
    const before = (await record(killed, 1n)).event?.usageAfter;
    expect(await killed.end("SIGKILL")).toBe("SIGKILL");
    const [orphan] = await directory.processes();
    expect(orphan).toBeDefined();

    const next = await start();
    expect(next.output()).toContain(`stopping the PostgreSQL that a killed service left running (pid ${orphan})`);
    expect(await usage(next)).toBe(before);
    expect(await next.end()).toBe(0);
    expect(await directory.processes()).toEqual([]);
  });

  it("refuses a second start on its folder in one line, and is not disturbed by it", async () => {
    const first = await start();
    const before = await usage(first);
    const processes = await directory.processes();
    const holder = `another running service (pid ${first.process.pid})`;
    const reason = exactly(`DATA_DIR ${directory.path} is in use by ${holder}`);
    expectRefusal(await failToStart({ DATA_DIR: directory.path }), reason);
    expect(await directory.processes()).toEqual(processes);
    expect((await record(first, 1n)).event?.usageAfter).toBe((before ?? 0n) + 1n);
    expect(await first.end()).toBe(0);
  });

  it.each([
    ["gRPC", "GRPC_LISTEN"],
    ["HTTP", "HTTP_LISTEN"],
  ])("says in one line that its port for %s is taken, and leaves no PostgreSQL behind", async (door, variable) => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const address = squatter.address();
    const listen = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    const failed = await failToStart({ DATA_DIR: directory.path, [variable]: listen });
    squatter.close();
    expectRefusal(failed, exactly(`cannot listen for ${door} on ${listen}: the port is taken`));
    expect(await directory.processes()).toEqual([]);
  });

  it("warns of each difference between plans file and database, and changes nothing", async () => {
    const plansFile = join(directory.path, "plans.yaml");
    await writeFile(
      plansFile,
      `plans:
  - code: starter
    display_name: Beginner
    limits:
      - { metric_code: tracked_products, limit: 60, enforcement: SOFT, period_kind: DAY }
  - code: other
    limits: []
subscriptions:
  - { tenant_id: ${tenantId}, plan_code: other, time_zone: Asia/Tokyo }
`,
    );
    const unchanged = await start();
    const plan = await connect(unchanged).service(PlanService).getPlan({ code: "starter" });
    const subscription = await connect(unchanged).service(SubscriptionService).getSubscription({ tenantId });
    expect(await unchanged.end()).toBe(0);

    const server = await start({ PLANS_FILE: plansFile });
    const warnings = linesOf(server).filter(({ level }) => level === 40);
    expect(warnings.map(({ msg }) => msg)).toEqual(
      [
        'plan starter: display_name is "Starter" in the database, "Beginner" in the file',
        "plan starter: the limit of api_calls is only in the database",
        "plan starter: the limit of exports is only in the database",
        "plan starter: the limit of searches is only in the database",
        "plan starter: limit of tracked_products is 50 in the database, 60 in the file",
        "plan starter: enforcement of tracked_products is HARD in the database, SOFT in the file",
        "plan starter: period_kind of tracked_products is MONTH in the database, DAY in the file",
        `subscription of tenant ${tenantId}: plan_code is starter in the database, other in the file`,
        `subscription of tenant ${tenantId}: time_zone is Europe/Berlin in the database, Asia/Tokyo in the file`,
      ].map((difference) => `${difference}; the database's stands`),
    );
    expect(await connect(server).service(PlanService).getPlan({ code: "starter" })).toEqual(plan);
    expect(await connect(server).service(SubscriptionService).getSubscription({ tenantId })).toEqual(subscription);
    expect(await server.end()).toBe(0);
  });

  it("ends with an error when its PostgreSQL is lost, and starts again from what was committed", async () => {
    const server = await start();
    const before = await usage(server);
    const [postmaster = Number.NaN] = await directory.processes();
    const ended = once(server.process, "close");
    process.kill(postmaster, "SIGKILL");
    await ended;
    expect(server.process.exitCode).toBe(1);
    const fatal = linesOf(server).find(({ level }) => level === 60);
    expect(fatal?.msg).toBe("the service cannot go on");
    await vi.waitFor(async () => expect(await directory.processes()).toEqual([]), 5_000);

    const next = await start();
    expect(await usage(next)).toBe(before);
    expect(await next.end()).toBe(0);
  });
});

function linesOf(server: ServerProcess): { readonly level: number; readonly msg: string }[] {
  return server
    .output()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
