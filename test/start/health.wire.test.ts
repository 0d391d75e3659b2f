import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../gen/health/v1/health_pb.ts";
import { AdminService } from "../../gen/quota/v1/admin_service_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/infrastructure/embedded-postgres/start.ts";
import { GrpcConnection, refusalOfCall } from "../support/grpc-client.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { DataDirectory, withChildren } from "./own-postgres.ts";

/** The database is asked every 2 s, and has 5 s to answer; the rest is for a machine that is busy. */
const noticedWithinMs = 20_000;

const services = [QuotaService, PlanService, SubscriptionService, AdminService, ApiKeyService].map(
  ({ typeName }) => typeName,
);
const run = promisify(execFile);

describe("a service on a PostgreSQL that goes away and comes back", () => {
  let directory: DataDirectory;
  let postgres: EmbeddedPostgres;
  let server: ServerProcess;
  let connection: GrpcConnection;

  const startPostgres = () => startEmbeddedPostgres({ dataDir: directory.path, log: () => undefined });

  /** The server as a whole and each of its services. */
  async function expectAll(expected: "SERVING" | "NOT_SERVING"): Promise<void> {
    const health = connection.service(Health);
    const answers = await Promise.all(["", ...services].map((service) => health.check({ service })));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => ServingStatus[expected]));
  }

  async function untilAll(expected: "SERVING" | "NOT_SERVING"): Promise<void> {
    await vi.waitFor(() => expectAll(expected), { timeout: noticedWithinMs, interval: 100 });
  }

  const readNothing = () => connection.service(PlanService).listPlans({}, { deadlineMs: 10_000 });

  beforeAll(async () => {
    directory = await DataDirectory.create();
    postgres = await startPostgres();
    server = await startServerProcess({ DATABASE_URL: postgres.serviceUrl, DATABASE_OWNER_URL: postgres.ownerUrl });
    connection = new GrpcConnection(server.address);
  });

  afterAll(async () => {
    connection.close();
    await server.end();
    await postgres.stop();
    await directory.remove();
  });

  it("is SERVING at once, as a whole and for each service", async () => {
    await expectAll("SERVING");
    const refusal = await refusalOfCall(connection.service(Health).check({ service: "quota.v1.NoSuchService" }));
    expect(refusal.code).toBe("NOT_FOUND");
  });

  it("lists its services by reflection", async () => {
    const wire = ["--protocol", "grpc", "--http2-prior-knowledge"];
    const { stdout } = await run("buf", ["curl", ...wire, "--list-services", `http://${server.address}`]);
    expect(stdout.trim().split("\n").toSorted()).toEqual([Health.typeName, ...services].toSorted());
  });

  it("is NOT_SERVING while PostgreSQL is stopped, refuses calls, and is SERVING again by itself", async () => {
    await postgres.stop();
    await untilAll("NOT_SERVING");
    expect(await refusalOfCall(readNothing())).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
    postgres = await startPostgres();
    await untilAll("SERVING");
    expect((await readNothing()).plans).toEqual([]);
    expect(server.output()).toContain("the database does not answer");
    expect(server.output()).toContain("the database answers again");
  });

  it("is NOT_SERVING while PostgreSQL keeps its connections and says nothing", async () => {
    const [postmaster = Number.NaN] = await directory.processes();
    const all = await withChildren(postmaster);
    for (const processId of all) process.kill(processId, "SIGSTOP");
    try {
      await untilAll("NOT_SERVING");
    } finally {
      for (const processId of all) process.kill(processId, "SIGCONT");
    }
    await untilAll("SERVING");
    expect((await readNothing()).plans).toEqual([]);
  });
});
