import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { QuotaExceededError, QuotaServiceError, QuotaUnavailableError } from "../src/errors.ts";
import { QuotaClient } from "../src/quota-client.ts";
import type { DecidedCheck, RecordedUse, UndecidedCheck, UnrecordedUse } from "../src/results.ts";
import { type UndecidedUse, UndecidedUseNotKeptError } from "../src/when-unavailable.ts";
import { allows, errorOf, fails, keysOf, records, refusal, type Step, scripted } from "./scripted-transport.ts";

const use = { metricCode: "tracked_products", amount: 3, metadata: { row: 17 } };
const lost: Step = fails("UNAVAILABLE");
const overloaded = fails("UNAVAILABLE", { reason: "OVERLOADED" });
const once = { attemptsMax: 1 };

/** What gave no decision, and what did. */
const undecided: [string, Step][] = [
  ["no connection", lost],
  ["no answer in time", fails("DEADLINE_EXCEEDED")],
  ["an overloaded service", overloaded],
  ["a throttled caller", fails("UNAVAILABLE", { reason: "CALLER_THROTTLED" })],
  ["no database", fails("UNAVAILABLE", { reason: "DATABASE_UNAVAILABLE" })],
  ["a stopping service", fails("UNAVAILABLE", { reason: "DRAINING" })],
  ["an unknown outcome", fails("UNAVAILABLE", { reason: "OUTCOME_UNKNOWN" })],
  ["a defect of the service", fails("INTERNAL", { reason: "INTERNAL" })],
];
const decided: [string, Step][] = [
  ["a refusal", refusal],
  ["a bad request", fails("INVALID_ARGUMENT", { reason: "INVALID_REQUEST" })],
  ["a tenant without a plan", fails("FAILED_PRECONDITION", { reason: "NO_PLAN" })],
  ["a bad credential", fails("UNAUTHENTICATED", { reason: "CREDENTIAL_INVALID" })],
  ["a foreign tenant", fails("PERMISSION_DENIED", { reason: "TENANT_MISMATCH" })],
  ["a reused key", fails("ALREADY_EXISTS", { reason: "IDEMPOTENCY_KEY_REUSED" })],
  ["a proxy that refuses", fails("PERMISSION_DENIED")],
];

describe("whenUnavailable throw, the default", () => {
  it.each(undecided)("throws QuotaUnavailableError for %s", async (_, step) => {
    const client = new QuotaClient({ ...once, transport: scripted(step) });
    expect(await errorOf(client.record(use))).toBeInstanceOf(QuotaUnavailableError);
    expect(await errorOf(client.check(use))).toBeInstanceOf(QuotaUnavailableError);
  });

  it.each(decided)("throws something else for %s", async (_, step) => {
    const error = await errorOf(new QuotaClient({ ...once, transport: scripted(step) }).record(use));
    expect(error).toBeInstanceOf(QuotaServiceError);
    expect(error).not.toBeInstanceOf(QuotaUnavailableError);
  });

  it("has results that need no second look", () => {
    const client = new QuotaClient({ transport: scripted(records) });
    expectTypeOf(client.record).returns.resolves.toEqualTypeOf<RecordedUse>();
    expectTypeOf(client.check).returns.resolves.toEqualTypeOf<DecidedCheck>();
  });
});

describe("whenUnavailable admit", () => {
  const admitting = (step: Step, keepUndecided: (use: UndecidedUse) => void | Promise<void>) =>
    new QuotaClient({
      ...once,
      transport: scripted(step),
      whenUnavailable: { check: "admit", record: "admit" },
      keepUndecided,
    });

  it.each(undecided)("admits after %s, and hands the use over first", async (_, step) => {
    const kept: UndecidedUse[] = [];
    const client = admitting(step, async (undecidedUse) => {
      await Promise.resolve();
      kept.push(undecidedUse);
    });
    const result = await client.record(use);
    expect(result).toMatchObject({ decided: false, admitted: true });
    expect(kept).toHaveLength(1);
    expect(kept[0]?.input).toEqual({ ...use, idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(await client.check(use)).toMatchObject({ decided: false, allowed: true });
  });

  it.each(decided)("does not admit after %s", async (_, step) => {
    const keep = vi.fn();
    const client = admitting(step, keep);
    expect(await errorOf(client.record(use))).toBeInstanceOf(QuotaServiceError);
    expect(await errorOf(client.check(use))).toBeInstanceOf(QuotaServiceError);
    expect(keep).not.toHaveBeenCalled();
  });

  it("gives what is needed to record the use later, once", async () => {
    const transport = scripted(lost, records);
    const kept: UndecidedUse[] = [];
    const client = new QuotaClient({
      ...once,
      transport,
      whenUnavailable: { record: "admit" },
      keepUndecided: (undecidedUse) => void kept.push(undecidedUse),
    });
    await client.record(use);
    const [first] = kept;
    expect(first?.mayBeRecorded).toBe(true);
    const later = await client.record(first?.input ?? use);
    expect(later.decided).toBe(true);
    expect(new Set(keysOf(transport)).size).toBe(1);
  });

  it("does not admit what could not be kept", async () => {
    const error = await errorOf(admitting(overloaded, () => Promise.reject(new Error("disk full"))).record(use));
    expect(error).toBeInstanceOf(UndecidedUseNotKeptError);
    expect(error).toMatchObject({ cause: new Error("disk full"), use: { mayBeRecorded: false } });
    expect((error as UndecidedUseNotKeptError).use.input.idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
  });

  it("is refused for records without a place to keep them", () => {
    expect(() => new QuotaClient({ transport: scripted(lost), whenUnavailable: { record: "admit" } })).toThrow(
      'whenUnavailable.record is "admit" without keepUndecided',
    );
  });

  it("does not admit what the caller aborted or made wrong", async () => {
    const keep = vi.fn();
    const client = admitting(lost, keep);
    expect(await errorOf(client.record(use, { signal: AbortSignal.abort() }))).toMatchObject({ code: "CANCELLED" });
    expect(await errorOf(client.record({ ...use, amount: 1.5 }))).toBeInstanceOf(RangeError);
    expect(await errorOf(client.record({ ...use, metadata: { n: Number.NaN } }))).toBeInstanceOf(TypeError);
    expect(keep).not.toHaveBeenCalled();
  });

  it("does not hide that the answer was not decided", () => {
    const client = admitting(records, () => undefined);
    expectTypeOf(client.record).returns.resolves.toEqualTypeOf<RecordedUse | UnrecordedUse>();
    expectTypeOf(client.check).returns.resolves.toEqualTypeOf<DecidedCheck | UndecidedCheck>();
  });
});

describe("whenUnavailable refuse", () => {
  const refusing = (step: Step) =>
    new QuotaClient({ ...once, transport: scripted(step), whenUnavailable: { check: "refuse", record: "refuse" } });

  it.each(undecided)("refuses after %s, and says what to look up", async (_, step) => {
    const result = await refusing(step).record({ ...use, idempotencyKey: "row-17" });
    expect(result).toMatchObject({ decided: false, admitted: false, use: { input: { idempotencyKey: "row-17" } } });
    expect(await refusing(step).check(use)).toMatchObject({ decided: false, allowed: false });
  });

  it("leaves a real refusal as it is", async () => {
    expect(await errorOf(refusing(refusal).record(use))).toBeInstanceOf(QuotaExceededError);
  });
});

it("check and record have their own policies", async () => {
  const client = new QuotaClient({ ...once, transport: scripted(lost), whenUnavailable: { check: "admit" } });
  expect(await client.check(use)).toMatchObject({ decided: false, allowed: true });
  expect(await errorOf(client.record(use))).toBeInstanceOf(QuotaUnavailableError);
});

it("no policy touches a decided answer", async () => {
  const client = new QuotaClient({ transport: scripted(allows), whenUnavailable: { check: "refuse" } });
  expect(await client.check(use)).toMatchObject({ decided: true, allowed: true, remaining: 7n });
});

it("an unknown policy is named", () => {
  const whenUnavailable = { check: "open" } as unknown as { check: "admit" };
  expect(() => new QuotaClient({ transport: scripted(lost), whenUnavailable })).toThrow(
    'whenUnavailable.check is "open"; throw, admit, refuse are allowed',
  );
});
