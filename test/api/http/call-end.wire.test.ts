import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import type { CallContext } from "../../../src/api/unary-handler.ts";
import { type CallOptions, type Refusal, refusalOfCall } from "../../support/grpc-client.ts";
import { HttpConnection, type HttpForm, httpForms } from "../../support/http-connection.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { tenantId } from "../wire-bytes.ts";
import { http1 } from "./http-calls.ts";

/** A call that the service works on until the test ends the work. */
interface Work {
  readonly context: CallContext;
  readonly fail: (error: unknown) => void;
}

const path = "/quota.v1.QuotaService/GetStatus";
const json = { "content-type": "application/json" };

let server: TestServer;
let begun: PromiseWithResolvers<Work>;

beforeEach(async () => {
  begun = Promise.withResolvers<Work>();
  server = await startTestServer({
    enforcement: {
      getStatus: (_tenant, _codes, caller) => {
        const { promise, reject } = Promise.withResolvers<never>();
        // The door's own context comes through to the service, whose port names less of it.
        begun.resolve({ context: caller as CallContext, fail: reject });
        return promise;
      },
    },
  });
});

afterEach(async () => {
  await server.stop();
});

async function beginCall(form: HttpForm, options: CallOptions): Promise<Work & { readonly refusal: Promise<Refusal> }> {
  const connection = new HttpConnection(server.httpUrl, form);
  const refusal = refusalOfCall(connection.service(QuotaService).getStatus({ tenantId }, options));
  return { refusal, ...(await begun.promise) };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

const errorsLogged = () => server.logged.filter(({ level }) => level === "error");

describe.each(httpForms)("through %s, a call", (form) => {
  it("whose caller leaves is given up, and the work hears of it", async () => {
    const leaving = new AbortController();
    const { context, fail, refusal } = await beginCall(form, { signal: leaving.signal });
    expect(context.isGone).toBe(false);
    const aborted = once(context.signal, "abort");
    leaving.abort();
    expect((await refusal).code).toBe("CANCELLED");
    await aborted;
    expect(context.isGone).toBe(true);
    expect(context.signal.reason).toMatchObject({ name: "AbortError" });
    fail(context.signal.reason);
    await until(() => server.logged.some(({ message }) => message === "call given up"));
    expect(errorsLogged()).toEqual([]);
  });

  it("whose deadline passes is DEADLINE_EXCEEDED, and the work hears of it", async () => {
    const { context, refusal } = await beginCall(form, { deadlineMs: 100 });
    expect((await refusal).code).toBe("DEADLINE_EXCEEDED");
    await until(() => context.isGone);
    expect(context.signal.aborted).toBe(true);
  });

  it("leaves a defect in the log although nobody waits for it any more", async () => {
    const leaving = new AbortController();
    const { context, fail, refusal } = await beginCall(form, { signal: leaving.signal });
    leaving.abort();
    await refusal;
    await until(() => context.isGone);
    fail(new Error("a defect"));
    await until(() => errorsLogged().length > 0);
    expect(errorsLogged()[0]?.message).toBe("a call failed unexpectedly");
  });

  it("that was answered has no aborted signal", async () => {
    const { context, fail, refusal } = await beginCall(form, {});
    const { signal } = context;
    fail(new Error("a defect"));
    expect((await refusal).code).toBe("INTERNAL");
    await delay(50);
    expect(signal.aborted).toBe(false);
    expect(context.isGone).toBe(false);
  });
});

describe("a deadline", () => {
  const body = JSON.stringify({ tenantId });

  it("is kept by the server, whatever the client does about it", async () => {
    const answer = await http1(server.httpUrl, path, { headers: { ...json, "connect-timeout-ms": "50" }, body });
    expect(answer.status).toBe(504);
    expect(answer.json()).toEqual({ code: "deadline_exceeded", message: "the deadline has passed" });
    const web = { "content-type": "application/grpc-web+json", "grpc-timeout": "50m" };
    const message = Buffer.concat([Buffer.from([0, 0, 0, 0, body.length]), Buffer.from(body)]);
    expect((await http1(server.httpUrl, path, { headers: web, body: message })).body.toString()).toContain(
      "grpc-status: 4\r\n",
    );
  });

  it.each(["soon", "-1", "1.5", "12345678901", "1S"])("of %j is the caller's fault", async (text) => {
    const answer = await http1(server.httpUrl, path, { headers: { ...json, "connect-timeout-ms": text }, body });
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain("INVALID_REQUEST");
  });

  it("of 115 days does not pass at once, as timers of the platform would have it", async () => {
    const sent = http1(server.httpUrl, path, { headers: { ...json, "connect-timeout-ms": "9999999999" }, body });
    const { fail } = await begun.promise;
    await delay(20);
    fail(new Error("a defect"));
    expect((await sent).status).toBe(500);
  });
});

describe("a caller that leaves in the middle of its request", () => {
  it("is no defect", async () => {
    const { hostname, port } = new URL(server.httpUrl);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{`,
    );
    await delay(50);
    socket.destroy();
    await until(() => server.logged.some(({ message }) => message === "call given up"));
    expect(errorsLogged()).toEqual([]);
  });
});
