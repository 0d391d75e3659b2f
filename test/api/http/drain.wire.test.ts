import { once } from "node:events";
import { Agent, get } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import { OpenAuthenticator } from "../../../src/api/auth/open-authenticator.ts";
import { startHttpServer } from "../../../src/api/http/start-http-server.ts";
import { ListenError } from "../../../src/api/listen-error.ts";
import { aUsageEvent } from "../../support/builders.ts";
import { refusalOfCall } from "../../support/grpc-client.ts";
import { HttpConnection, httpForms } from "../../support/http-connection.ts";
import { fakeServices } from "../fake-services.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { tenantId } from "../wire-bytes.ts";
import { http1, http2 } from "./http-calls.ts";

const usage = { tenantId, metricCode: "api.calls", amount: 1n };

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

describe.each(httpForms)("through %s, a server that drains", (form) => {
  it("finishes what is in flight, refuses what comes, and then is gone", async () => {
    const quota = new HttpConnection(server.httpUrl, form).service(QuotaService);
    const inFlight = quota.recordUsage(usage);
    await begun.promise;
    let isDrained = false;
    const drained = server.http.drain(20_000).then(() => {
      isDrained = true;
    });
    const refusal = await refusalOfCall(quota.recordUsage(usage));
    expect(refusal).toMatchObject({ code: "UNAVAILABLE", reason: "DRAINING" });
    expect(refusal.retryInfo).toBeDefined();
    expect(isDrained).toBe(false);
    finish.resolve();
    expect((await inFlight).event).toBeDefined();
    await drained;
    await expect(http1(server.httpUrl, "/healthz")).rejects.toThrow("ECONNREFUSED");
  });

  it("cuts off what is left at its deadline", async () => {
    const inFlight = refusalOfCall(new HttpConnection(server.httpUrl, form).service(QuotaService).recordUsage(usage));
    await begun.promise;
    const begunAt = performance.now();
    await server.http.drain(300);
    expect(performance.now() - begunAt).toBeGreaterThanOrEqual(290);
    expect(performance.now() - begunAt).toBeLessThan(2_000);
    // Not DRAINING, which would say that nothing was done.
    expect((await inFlight).reason).toBeUndefined();
  });
});

describe("a server that drains", () => {
  it("says so to probes, and lives, until it is gone", async () => {
    const inFlight = new HttpConnection(server.httpUrl, "gRPC-Web").service(QuotaService).recordUsage(usage);
    await begun.promise;
    const drained = server.http.drain(20_000);
    server.http.setServing(true);
    const [live, ready] = [await http1(server.httpUrl, "/healthz"), await http1(server.httpUrl, "/readyz")];
    expect([live.status, ready.status]).toEqual([200, 503]);
    expect(ready.json()).toEqual({ status: "draining" });
    expect(ready.headers["connection"]).toBe("close");
    finish.resolve();
    await Promise.all([inFlight, drained]);
  });

  it("is done at once when nothing is in flight, whatever connections are open", async () => {
    const { hostname, port } = new URL(server.httpUrl);
    const agent = new Agent({ keepAlive: true });
    const response = get({ agent, hostname, port, path: "/healthz" });
    const [answer] = await once(response, "response");
    answer.resume();
    await once(answer, "end");
    const session = connectHttp2(server.httpUrl);
    const stream = session.request({ ":path": "/healthz" }).resume();
    await once(stream, "end");
    const silent = connect(Number(port), hostname);
    await once(silent, "connect");
    silent.on("error", () => undefined).resume();
    const begunAt = performance.now();
    await server.http.drain(20_000);
    expect(performance.now() - begunAt).toBeLessThan(2_000);
    agent.destroy();
    session.destroy();
  });

  it("may be told twice", async () => {
    const first = server.http.drain(1_000);
    expect(server.http.drain(5_000)).toBe(first);
    await first;
  });

  it("leaves nothing behind that would keep the process from ending", async () => {
    const open = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    await http1(server.httpUrl, "/healthz");
    await http2(server.httpUrl, "/healthz");
    const before = open();
    await server.http.drain(20_000);
    expect(open()).toBeLessThanOrEqual(before);
  });
});

describe("an address that cannot be listened on", () => {
  const startOn = (host: string, port: number) =>
    startHttpServer({
      listen: { host, port },
      services: fakeServices(),
      authenticator: new OpenAuthenticator(),
      log: { debug: () => undefined, error: () => undefined },
      corsOrigins: [],
      consoleFolder: "missing",
    });

  it("is told in one line when its port is taken", async () => {
    const { port } = server.http.address;
    const second = startOn("127.0.0.1", port);
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toThrow(`cannot listen for HTTP on 127.0.0.1:${port}: the port is taken`);
  });

  it("is told in one line when it is no address of this machine", async () => {
    await expect(startOn("192.0.2.1", 0)).rejects.toThrow(
      "cannot listen for HTTP on 192.0.2.1:0: this machine has no such address",
    );
  });
});
