import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QuotaClientOverloadedError, QuotaUnavailableError } from "../src/errors.ts";
import { QuotaClient } from "../src/quota-client.ts";
import { allows, errorOf, fails, type Step, scripted } from "./scripted-transport.ts";

const use = { metricCode: "tracked_products", amount: 1 };

/** Answers after the time. */
const answersAfter =
  (delayMs: number, step: Step): Step =>
  async (attempt) => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return step(attempt);
  };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the bound of calls in flight", () => {
  it("is never passed, and the rest waits its turn in order", async () => {
    const transport = scripted(answersAfter(100, allows));
    const client = new QuotaClient({ transport, inFlightMax: 2, queuedMax: 3 });
    const done: number[] = [];
    const calls = [1, 2, 3, 4, 5].map((amount) => client.check({ ...use, amount }).then(() => void done.push(amount)));
    await vi.advanceTimersByTimeAsync(99);
    expect(transport.sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(100);
    expect(transport.sent).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(200);
    await Promise.all(calls);
    expect(done).toEqual([1, 2, 3, 4, 5]);
  });

  it("refuses at once what finds the queue full, and says that nothing was sent", async () => {
    const transport = scripted(answersAfter(100, allows));
    const client = new QuotaClient({ transport, inFlightMax: 1, queuedMax: 1 });
    const admitted = [client.check(use), client.check(use)];
    const error = await errorOf(client.record(use));
    expect(error).toBeInstanceOf(QuotaClientOverloadedError);
    expect(error).toBeInstanceOf(QuotaUnavailableError);
    expect(error).toMatchObject({ attempts: 0, mayBeRecorded: false, name: "QuotaClientOverloadedError" });
    await vi.advanceTimersByTimeAsync(200);
    await Promise.all(admitted);
    expect(transport.sent).toHaveLength(2);
  });

  it("counts the wait against the deadline, and forgets who has left", async () => {
    const transport = scripted(answersAfter(1_000, allows));
    const client = new QuotaClient({ transport, inFlightMax: 1, queuedMax: 1 });
    const first = client.check(use);
    const late = errorOf(client.check(use, { deadlineMs: 300 }));
    await vi.advanceTimersByTimeAsync(300);
    expect(await late).toMatchObject({ code: "DEADLINE_EXCEEDED", attempts: 0 });
    const next = client.check(use);
    await vi.advanceTimersByTimeAsync(1_700);
    await Promise.all([first, next]);
    expect(transport.sent).toHaveLength(2);
  });

  it("gives the place back after a failure, an abort and a deadline", async () => {
    const steps = [fails("INVALID_ARGUMENT", { reason: "INVALID_REQUEST" }), answersAfter(10_000, allows), allows];
    const transport = scripted(...steps);
    const client = new QuotaClient({ transport, inFlightMax: 1, queuedMax: 0, attemptsMax: 1 });
    await errorOf(client.check(use));
    const late = errorOf(client.check(use, { deadlineMs: 50 }));
    await vi.advanceTimersByTimeAsync(50);
    await late;
    expect(await client.check(use)).toMatchObject({ allowed: true });
  });

  it("keeps the place through the waits between attempts", async () => {
    const transport = scripted(fails("UNAVAILABLE", { reason: "OVERLOADED", retryAfterMs: 500 }), allows);
    const client = new QuotaClient({ transport, inFlightMax: 1, queuedMax: 0 });
    const first = client.check(use);
    await vi.advanceTimersByTimeAsync(100);
    expect(await errorOf(client.check(use))).toBeInstanceOf(QuotaClientOverloadedError);
    await vi.advanceTimersByTimeAsync(1_000);
    await first;
  });
});

it.each([
  ["inFlightMax", 0],
  ["queuedMax", -1],
  ["deadlineMs", 0],
  ["deadlineMs", 2 ** 31],
  ["attemptTimeoutMs", Number.NaN],
  ["attemptsMax", 1.5],
])("the option %s does not take %d", (name, value) => {
  expect(() => new QuotaClient({ transport: scripted(allows), [name]: value })).toThrow(
    `${name} is ${value}; a whole number from`,
  );
});

it("a call's own deadline is checked as well", async () => {
  const client = new QuotaClient({ transport: scripted(allows) });
  expect(await errorOf(client.check(use, { deadlineMs: -5 }))).toEqual(
    new RangeError("deadlineMs is -5; a whole number from 1 to 2147483647 is allowed"),
  );
});
