import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../gen/health/v1/health_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { OpenAuthenticator } from "../../src/api/auth/open-authenticator.ts";
import { startGrpcServer } from "../../src/api/grpc/start-grpc-server.ts";
import { addressText, ListenError } from "../../src/api/listen-error.ts";
import { aUsageEvent } from "../support/builders.ts";
import { GrpcConnection, refusalOfCall } from "../support/grpc-client.ts";
import { fakeServices } from "./fake-services.ts";
import { startTestServer, type TestServer } from "./test-server.ts";
import { tenantId } from "./wire-bytes.ts";

const usage = { tenantId, metricCode: "api.calls", amount: 1n };
const authenticator = new OpenAuthenticator();
const silent = { debug: () => undefined, error: () => undefined };

let server: TestServer;
let begun: PromiseWithResolvers<void>;
let finish: PromiseWithResolvers<void>;

beforeEach(async () => {
  begun = Promise.withResolvers<void>();
  finish = Promise.withResolvers<void>();
  server = await startTestServer({
    tracking: {
      recordUsage: async () => {
        begun.resolve();
        await finish.promise;
        const event = aUsageEvent();
        return { event, status: { ...event, current: 1n }, overLimit: false, replayed: false };
      },
    },
  });
});

afterEach(async () => {
  finish.resolve();
  await server.stop();
});

describe("a server that drains", () => {
  it("finishes what is in flight, refuses what comes, and then is gone", async () => {
    const quota = server.connection.service(QuotaService);
    const inFlight = quota.recordUsage(usage);
    await begun.promise;
    let isDrained = false;
    const drained = server.server.drain(20_000).then(() => {
      isDrained = true;
    });

    const refusal = await refusalOfCall(quota.recordUsage(usage));
    expect(refusal).toMatchObject({ code: "UNAVAILABLE", reason: "DRAINING" });
    expect(refusal.retryInfo).toBeDefined();
    const { input, output } = Health.method.check;
    const health = await server.connection.call("/grpc.health.v1.Health/Check", input, output, {});
    expect(health.status).toBe(ServingStatus.NOT_SERVING);
    server.server.setServing(true);
    expect((await server.connection.call("/grpc.health.v1.Health/Check", input, output, {})).status).toBe(
      ServingStatus.NOT_SERVING,
    );
    expect(isDrained).toBe(false);

    finish.resolve();
    expect((await inFlight).event).toBeDefined();
    await drained;
    const late = await refusalOfCall(
      new GrpcConnection(`127.0.0.1:${server.port}`).service(QuotaService).recordUsage(usage),
    );
    expect(late).toMatchObject({ code: "UNAVAILABLE", reason: undefined });
  });

  it("takes new connections while it waits, to tell them that it drains", async () => {
    const inFlight = server.connection.service(QuotaService).recordUsage(usage);
    await begun.promise;
    const drained = server.server.drain(20_000);
    const other = new GrpcConnection(`127.0.0.1:${server.port}`);
    expect((await refusalOfCall(other.service(QuotaService).recordUsage(usage))).reason).toBe("DRAINING");
    other.close();
    finish.resolve();
    await Promise.all([inFlight, drained]);
  });

  it("cuts off what is left at its deadline", async () => {
    const inFlight = refusalOfCall(server.connection.service(QuotaService).recordUsage(usage));
    await begun.promise;
    const begunAt = performance.now();
    await server.server.drain(300);
    expect(performance.now() - begunAt).toBeGreaterThanOrEqual(290);
    expect(performance.now() - begunAt).toBeLessThan(2_000);
    // Not DRAINING, which would say that nothing was done.
    expect(await inFlight).toMatchObject({ code: "CANCELLED", reason: undefined });
  });

  it("is done at once when nothing is in flight, however many clients are connected", async () => {
    const connections = Array.from({ length: 5 }, () => new GrpcConnection(`127.0.0.1:${server.port}`));
    await Promise.all(
      connections.map((connection) =>
        refusalOfCall(connection.callRaw("/quota.v1.PlanService/GetPlan", Buffer.alloc(0))),
      ),
    );
    const begunAt = performance.now();
    await server.server.drain(20_000);
    expect(performance.now() - begunAt).toBeLessThan(2_000);
    for (const connection of connections) connection.close();
  });

  it("leaves no timer behind that would keep the process from ending", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    await server.server.drain(20_000);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it("may be told twice", async () => {
    const first = server.server.drain(1_000);
    expect(server.server.drain(5_000)).toBe(first);
    await first;
  });
});

describe("an address that cannot be listened on", () => {
  it("is told in one line when its port is taken", async () => {
    const listen = { host: "127.0.0.1", port: server.port };
    const second = startGrpcServer({ listen, services: fakeServices(), authenticator, reflection: true, log: silent });
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toThrow(`cannot listen for gRPC on 127.0.0.1:${server.port}: the port is taken`);
  });

  it("is told in one line when it is no address of this machine", async () => {
    const second = startGrpcServer({
      listen: { host: "192.0.2.1", port: 0 },
      services: fakeServices(),
      authenticator,
      reflection: true,
      log: silent,
    });
    await expect(second).rejects.toThrow("cannot listen for gRPC on 192.0.2.1:0: this machine has no such address");
  });
});

const hosts = ["127.0.0.1", "localhost", ...((await hasIpv6()) ? ["::1"] : [])];

describe("an address of this machine", () => {
  it.each(hosts)("%s is listened on and drained", async (host) => {
    const other = await startGrpcServer({
      listen: { host, port: 0 },
      services: fakeServices(),
      authenticator,
      reflection: true,
      log: silent,
    });
    const connection = new GrpcConnection(addressText(other.address));
    expect((await refusalOfCall(connection.callRaw("/x/y", Buffer.alloc(0)))).code).toBe("UNIMPLEMENTED");
    const begunAt = performance.now();
    await other.drain(20_000);
    expect(performance.now() - begunAt).toBeLessThan(2_000);
    connection.close();
  });
});

async function hasIpv6(): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(0, "::1");
    await once(probe, "listening");
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
