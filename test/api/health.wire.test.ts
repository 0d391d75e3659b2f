import { create, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientReadableStream, credentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../gen/health/v1/health_pb.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

type Answer = MessageShape<typeof HealthCheckResponseSchema>;

let server: TestServer;
let client: Client;

beforeEach(async () => {
  server = await startTestServer();
  client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await server.stop();
});

const names = [
  "",
  "quota.v1.QuotaService",
  "quota.v1.PlanService",
  "quota.v1.SubscriptionService",
  "quota.v1.AdminService",
];

async function statusOf(service: string): Promise<ServingStatus> {
  const { input, output } = Health.method.check;
  return (await server.connection.call("/grpc.health.v1.Health/Check", input, output, { service })).status;
}

function watch(service: string): ClientReadableStream<Answer> {
  return client.makeServerStreamRequest(
    "/grpc.health.v1.Health/Watch",
    (request: Uint8Array) => Buffer.from(request),
    (bytes: Buffer) => fromBinary(HealthCheckResponseSchema, bytes),
    toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service })),
  );
}

describe("the health check", () => {
  it.each(names)("says of %j what the server was told", async (name) => {
    expect(await statusOf(name)).toBe(ServingStatus.SERVING);
    server.server.setServing(false);
    expect(await statusOf(name)).toBe(ServingStatus.NOT_SERVING);
    server.server.setServing(true);
    expect(await statusOf(name)).toBe(ServingStatus.SERVING);
  });

  it.each(["quota.v1.Admin", "quota.v1.Nothing"])("knows nothing of %s", async (name) => {
    expect((await refusalOfCall(statusOf(name))).code).toBe("NOT_FOUND");
  });

  it("tells watchers of every change, and ends their streams when the server stops", async () => {
    const stream = watch("quota.v1.QuotaService");
    const seen: ServingStatus[] = [];
    const first = new Promise((resolve) => stream.once("data", resolve));
    stream.on("data", ({ status }: Answer) => seen.push(status));
    const ended = new Promise((resolve) => stream.on("end", resolve));
    await first;
    server.server.setServing(false);
    server.server.setServing(true);
    const begunAt = performance.now();
    await server.server.drain(10_000);
    await ended;
    expect(seen).toEqual([
      ServingStatus.SERVING,
      ServingStatus.NOT_SERVING,
      ServingStatus.SERVING,
      ServingStatus.NOT_SERVING,
    ]);
    expect(performance.now() - begunAt).toBeLessThan(5_000);
  });

  it("goes on when a watcher leaves", async () => {
    const stream = watch("");
    stream.on("error", () => undefined);
    await new Promise((resolve) => stream.once("data", resolve));
    stream.cancel();
    server.server.setServing(false);
    expect(await statusOf("")).toBe(ServingStatus.NOT_SERVING);
  });
});
