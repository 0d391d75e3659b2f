import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { GrpcCallContext } from "../../src/api/grpc/grpc-call-context.ts";
import { type CallOptions, type Refusal, refusalOfCall } from "../support/grpc-client.ts";
import { startTestServer, type TestServer } from "./test-server.ts";
import { tenantId } from "./wire-bytes.ts";

/** A call that the service works on until the test ends the work. */
interface Work {
  readonly context: GrpcCallContext;
  readonly fail: (error: unknown) => void;
}

let server: TestServer;
let begun: PromiseWithResolvers<Work>;

beforeEach(async () => {
  begun = Promise.withResolvers<Work>();
  server = await startTestServer({
    tracking: {
      recordUsage: (_attempt, caller) => {
        const { promise, reject } = Promise.withResolvers<never>();
        if (caller instanceof GrpcCallContext) begun.resolve({ context: caller, fail: reject });
        return promise;
      },
    },
  });
});

afterEach(async () => {
  await server.stop();
});

/** Begins a call, and comes back when the service works on it. */
async function beginCall(options: CallOptions = {}): Promise<Work & { readonly refusal: Promise<Refusal> }> {
  const request = { tenantId, metricCode: "api.calls", amount: 1n };
  const refusal = refusalOfCall(server.connection.service(QuotaService).recordUsage(request, options));
  return { refusal, ...(await begun.promise) };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

const errorsLogged = () => server.logged.filter(({ level }) => level === "error");

describe("a call whose caller has gone", () => {
  it("is CANCELLED for the caller at once, and the work hears of it", async () => {
    const aborting = new AbortController();
    const { context, refusal } = await beginCall({ signal: aborting.signal });
    expect(context.isGone).toBe(false);
    const aborted = new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve()));
    aborting.abort();
    expect((await refusal).code).toBe("CANCELLED");
    await aborted;
    expect(context.isGone).toBe(true);
    expect(context.signal.reason).toMatchObject({ name: "AbortError" });
  });

  it("has a signal that is aborted from the start when it is asked for too late", async () => {
    const aborting = new AbortController();
    const { context } = await beginCall({ signal: aborting.signal });
    aborting.abort();
    await until(() => context.isGone);
    expect(context.signal.aborted).toBe(true);
  });

  it("leaves no error in the log when the work is given up for that reason", async () => {
    const aborting = new AbortController();
    const { context, fail } = await beginCall({ signal: aborting.signal });
    aborting.abort();
    await until(() => context.isGone);
    fail(context.signal.reason);
    await until(() => server.logged.some(({ message }) => message === "call given up"));
    expect(errorsLogged()).toEqual([]);
  });

  it("leaves a defect in the log all the same", async () => {
    const aborting = new AbortController();
    const { context, fail } = await beginCall({ signal: aborting.signal });
    aborting.abort();
    await until(() => context.isGone);
    fail(new Error("a defect"));
    await until(() => errorsLogged().length > 0);
    expect(errorsLogged()[0]?.message).toBe("a call failed unexpectedly");
  });
});

describe("a call whose deadline passes", () => {
  it("is DEADLINE_EXCEEDED for the caller, and the work hears of it", async () => {
    const { context, refusal } = await beginCall({ deadlineMs: 100 });
    expect((await refusal).code).toBe("DEADLINE_EXCEEDED");
    await until(() => context.isGone);
    expect(context.signal.aborted).toBe(true);
  });
});

describe("a call that was answered", () => {
  it("has no aborted signal, though grpc-js calls every ended call cancelled", async () => {
    const { context, fail, refusal } = await beginCall();
    const { signal } = context;
    fail(new Error("a defect"));
    expect((await refusal).code).toBe("INTERNAL");
    await delay(50);
    expect(signal.aborted).toBe(false);
    expect(context.isGone).toBe(false);
  });
});
