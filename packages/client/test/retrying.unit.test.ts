import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QuotaExceededError, QuotaServiceError, QuotaUnavailableError } from "../src/errors.ts";
import { QuotaClient } from "../src/quota-client.ts";
import { RetryBudget } from "../src/retry-budget.ts";
import {
  allows,
  errorOf,
  fails,
  hangs,
  keysOf,
  records,
  refusal,
  type ScriptedTransport,
  type Step,
  scripted,
} from "./scripted-transport.ts";

const use = { tenantId: "11111111-1111-4111-8111-111111111111", metricCode: "tracked_products", amount: 3 };
const lost: Step = fails("UNAVAILABLE");
const overloaded = (retryAfterMs: number) => fails("UNAVAILABLE", { reason: "OVERLOADED", retryAfterMs });

/** Milliseconds between an attempt and the one after it. */
const waits = ({ sent }: ScriptedTransport) =>
  sent.slice(1).map(({ atMs }, index) => Math.round(atMs - (sent[index]?.atMs ?? 0)));

/** Lets faked time pass until the promise is settled. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  const quiet = promise.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([quiet, vi.advanceTimersByTimeAsync(60_000)]);
  return await promise;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => vi.useRealTimers());

describe("a record", () => {
  it("carries a key that the client made, the same one over all attempts", async () => {
    const transport = scripted(lost, lost, records);
    const result = await settled(new QuotaClient({ transport }).record(use));
    const [first] = keysOf(transport);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(keysOf(transport)).toEqual([first, first, first]);
    expect(result).toMatchObject({ idempotencyKey: first, attempts: 3, admitted: true, decided: true });
  });

  it("carries the caller's key where there is one", async () => {
    const transport = scripted(lost, records);
    await settled(new QuotaClient({ transport }).record({ ...use, idempotencyKey: "row-17" }));
    expect(keysOf(transport)).toEqual(["row-17", "row-17"]);
  });

  it("has another key for every use", async () => {
    const transport = scripted(records);
    const client = new QuotaClient({ transport });
    for (let count = 0; count < 100; count += 1) await client.record(use);
    expect(new Set(keysOf(transport)).size).toBe(100);
  });

  it.each([
    ["a lost connection", lost],
    ["an overloaded service", overloaded(0)],
    ["an unknown outcome", fails("UNAVAILABLE", { reason: "OUTCOME_UNKNOWN" })],
    ["a stream that was reset", fails("INTERNAL")],
    ["an answer that no one can read", fails("UNKNOWN")],
    ["another's reason in UNAVAILABLE", fails("UNAVAILABLE", { reason: "QUOTA_EXCEEDED", domain: "proxy.example" })],
  ])("is repeated after %s", async (_, step) => {
    const transport = scripted(step, records);
    await settled(new QuotaClient({ transport }).record(use));
    expect(transport.sent).toHaveLength(2);
  });

  it.each([
    ["a refusal", refusal],
    ["a bad request", fails("INVALID_ARGUMENT", { reason: "INVALID_REQUEST" })],
    ["a defect of the service", fails("INTERNAL", { reason: "INTERNAL" })],
    ["an unkeyed unknown outcome", fails("UNKNOWN", { reason: "OUTCOME_UNKNOWN" })],
    ["a proxy that exhausted its own limit", fails("RESOURCE_EXHAUSTED")],
    ["a missing method", fails("UNIMPLEMENTED")],
  ])("is not repeated after %s", async (_, step) => {
    const transport = scripted(step, records);
    expect(await errorOf(settled(new QuotaClient({ transport }).record(use)))).toBeInstanceOf(QuotaServiceError);
    expect(transport.sent).toHaveLength(1);
  });

  it("is sent again when one attempt is not answered in time", async () => {
    const transport = scripted(hangs, records);
    const result = await settled(new QuotaClient({ transport, attemptTimeoutMs: 700 }).record(use));
    expect(result.attempts).toBe(2);
    expect(waits(transport)).toEqual([750]);
    expect(transport.sent[0]?.options.signal.aborted).toBe(true);
    expect(new Set(keysOf(transport)).size).toBe(1);
  });
});

describe("the wait between attempts", () => {
  it("grows, and is spread by chance", async () => {
    const transport = scripted(lost, lost, lost, records);
    await settled(new QuotaClient({ transport }).record(use));
    expect(waits(transport)).toEqual([50, 100, 200]);
  });

  it("is at least what the service asks for", async () => {
    const transport = scripted(overloaded(900), records);
    await settled(new QuotaClient({ transport }).record(use));
    expect(waits(transport)).toEqual([950]);
  });

  it("is not begun when the deadline would pass meanwhile", async () => {
    const transport = scripted(overloaded(5_001), records);
    const begun = performance.now();
    const error = await errorOf(settled(new QuotaClient({ transport }).record(use)));
    expect(performance.now() - begun).toBe(0);
    expect(error).toMatchObject({ reason: "OVERLOADED", retryAfterMs: 5_001, attempts: 1, mayBeRecorded: false });
  });
});

describe("the attempts", () => {
  it("end at their number", async () => {
    const transport = scripted(lost);
    const error = await errorOf(settled(new QuotaClient({ transport, attemptsMax: 3 }).record(use)));
    expect(transport.sent).toHaveLength(3);
    expect(error).toMatchObject({ code: "UNAVAILABLE", attempts: 3 });
  });

  it("end at the deadline of the call, and tell the service about it", async () => {
    const transport = scripted(hangs);
    const begun = performance.now();
    const client = new QuotaClient({ transport, attemptTimeoutMs: 400 });
    const error = await errorOf(settled(client.record(use, { deadlineMs: 1_000 })));
    expect(performance.now() - begun).toBe(1_000);
    expect(error).toBeInstanceOf(QuotaUnavailableError);
    expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED", mayBeRecorded: true, attempts: 3 });
    expect(transport.sent.map(({ options }) => Math.round(options.timeoutMs))).toEqual([400, 400, 50]);
  });

  it("are not repeated any more when most calls of the client fail", async () => {
    const transport = scripted(lost);
    const client = new QuotaClient({ transport, inFlightMax: 1 });
    for (let count = 0; count < 3; count += 1) await errorOf(settled(client.record(use)));
    // Ten tokens, of which half may go: four attempts for the first call, two for the second, one for the third.
    expect(transport.sent).toHaveLength(4 + 2 + 1);
  });

  it("are repeated again when calls succeed again", async () => {
    const transport = scripted(
      ...Array.from({ length: 7 }, () => lost),
      ...Array.from({ length: 45 }, () => records),
      lost,
    );
    const client = new QuotaClient({ transport, inFlightMax: 1 });
    for (let count = 0; count < 3; count += 1) await errorOf(settled(client.record(use)));
    for (let count = 0; count < 45; count += 1) await client.record(use);
    const sentBefore = transport.sent.length;
    await errorOf(settled(client.record(use)));
    // Three tokens were left, 45 successes brought four and a half, and below five none is repeated.
    expect(transport.sent.length - sentBefore).toBe(3);
  });

  it("are repeated again after as many successes as calls may be in flight, also in a client of many", () => {
    const inFlightMax = 256;
    const budget = new RetryBudget(inFlightMax);
    for (let failures = 0; failures < 1_000; failures += 1) budget.noteFailure();
    for (let successes = 0; successes <= inFlightMax + 1; successes += 1) budget.noteSuccess();
    expect(budget.noteFailure()).toBe(true);
  });

  it.each([1, 50, 256, 10_000])(
    "are not repeated while most attempts fail, whatever may be in flight (%i)",
    (inFlightMax) => {
      const budget = new RetryBudget(inFlightMax);
      const allowed: boolean[] = [];
      for (let round = 0; round < 5 * inFlightMax + 20; round += 1) {
        budget.noteSuccess();
        budget.noteFailure();
        allowed.push(budget.noteFailure());
      }
      expect(allowed.slice(0, inFlightMax / 2)).not.toContain(false);
      expect(allowed.slice(2 * inFlightMax + 10)).not.toContain(true);
    },
  );

  it("are repeated for every call that was in flight when a connection broke", async () => {
    const inFlightMax = 200;
    const breaks = Array.from({ length: inFlightMax }, () => lost);
    const client = new QuotaClient({ transport: scripted(...breaks, records), inFlightMax });
    const results = await settled(Promise.all(breaks.map(() => client.record(use))));
    expect(results.every(({ attempts }) => attempts === 2)).toBe(true);
  });

  it("end at once when the caller aborts, whatever the transport does", async () => {
    const transport = scripted(hangs);
    const stop = new AbortController();
    const running = errorOf(new QuotaClient({ transport }).record(use, { signal: stop.signal }));
    await vi.advanceTimersByTimeAsync(10);
    stop.abort(new Error("enough"));
    const error = await running;
    expect(error).not.toBeInstanceOf(QuotaUnavailableError);
    expect(error).toMatchObject({ code: "CANCELLED", mayBeRecorded: true, cause: new Error("enough") });
    expect(transport.sent).toHaveLength(1);
  });

  it("are not begun when the caller has aborted", async () => {
    const transport = scripted(records);
    const error = await errorOf(new QuotaClient({ transport }).record(use, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: "CANCELLED", attempts: 0, mayBeRecorded: false });
    expect(transport.sent).toHaveLength(0);
  });

  it("end when the caller aborts during a wait", async () => {
    const transport = scripted(overloaded(2_000), records);
    const stop = new AbortController();
    const running = errorOf(new QuotaClient({ transport }).record(use, { signal: stop.signal }));
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    expect(await running).toMatchObject({ code: "CANCELLED", attempts: 1 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(transport.sent).toHaveLength(1);
  });

  it("leave no timer and no listener behind", async () => {
    const transport = scripted(lost, records);
    const stop = new AbortController();
    const listen = vi.spyOn(stop.signal, "addEventListener");
    const forget = vi.spyOn(stop.signal, "removeEventListener");
    await settled(new QuotaClient({ transport }).record(use, { signal: stop.signal }));
    expect(vi.getTimerCount()).toBe(0);
    expect(forget).toHaveBeenCalledTimes(listen.mock.calls.length);
  });
});

describe("whether a failed use may be recorded", () => {
  const afterwards = async (...steps: Step[]) => {
    const client = new QuotaClient({ transport: scripted(...steps), attemptsMax: steps.length });
    return (await errorOf(settled(client.record(use)))) as QuotaServiceError;
  };

  it.each([
    ["a lost answer", true, [lost]],
    ["an unknown outcome", true, [fails("UNAVAILABLE", { reason: "OUTCOME_UNKNOWN" })]],
    ["a defect of the service", true, [fails("INTERNAL", { reason: "INTERNAL" })]],
    ["an answer too large for the client", true, [fails("RESOURCE_EXHAUSTED")]],
    ["an overloaded service", false, [overloaded(0)]],
    ["a credential that a proxy turned back", false, [fails("UNAUTHENTICATED")]],
    ["a lost answer and then an overloaded service", true, [lost, overloaded(0)]],
    ["a lost answer and then a refusal, which looked the key up", false, [lost, refusal]],
    [
      "a lost answer and then a revoked credential",
      true,
      [lost, fails("UNAUTHENTICATED", { reason: "CREDENTIAL_INVALID" })],
    ],
  ])("after %s: %s", async (_, mayBeRecorded, steps) => {
    expect((await afterwards(...steps)).mayBeRecorded).toBe(mayBeRecorded);
  });

  it("is no question for a read", async () => {
    const error = await errorOf(settled(new QuotaClient({ transport: scripted(lost) }).check(use)));
    expect(error).toMatchObject({ mayBeRecorded: false, idempotencyKey: undefined, attempts: 4 });
  });
});

it("reads are repeated as records are", async () => {
  const transport = scripted(lost, fails("UNAVAILABLE", { reason: "DRAINING" }), allows);
  await settled(new QuotaClient({ transport }).check(use));
  expect(transport.sent).toHaveLength(3);
});

it("a refusal has its numbers", async () => {
  const error = await errorOf(new QuotaClient({ transport: scripted(refusal) }).record(use));
  expect(error).toBeInstanceOf(QuotaExceededError);
  expect(error).toMatchObject({
    name: "QuotaExceededError",
    code: "RESOURCE_EXHAUSTED",
    reason: "QUOTA_EXCEEDED",
    metricCode: "tracked_products",
    limit: 100n,
    current: 98n,
    requested: 3n,
    remaining: 2n,
    enforcement: "HARD",
    limitSource: "SUBSCRIBED_PLAN",
    planCode: "starter",
    periodEnd: new Date("2026-09-01T00:00:00.000Z"),
    retryAfterMs: 3_600_000,
    mayBeRecorded: false,
    attempts: 1,
  });
});
