import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DatabaseUnavailableError, OverloadedError } from "../../src/domain/errors/availability-errors.ts";
import type { UsageAttempt } from "../../src/domain/usage-attempt.ts";
import type { CalledAttempt } from "../../src/services/batch-recorder.ts";
import { HeldCounters } from "../../src/services/held-counters.ts";
import { UsageLanes } from "../../src/services/usage-lanes.ts";
import type { UsageResult } from "../../src/services/usage-outcome.ts";
import { aTenant } from "../support/builders.ts";

const bounds = { batchItemsMax: 16, queueItemsMax: 32, queueBytesMax: 100_000, waitMaxMs: 10_000 };
const heldMaxMs = 1_000;
const tenantId = aTenant();

function attemptOn(metricCode: string): UsageAttempt {
  return { tenantId, metricCode, amount: 1n, metadata: "{}" };
}

/** Records everything but what is held, each batch in a turn of its own. */
class Recorder {
  readonly batches: string[][] = [];
  readonly held = new Set<string>();
  failure: Error | undefined;

  async record(called: readonly CalledAttempt[]): Promise<readonly UsageResult[]> {
    const batch = called.map(({ attempt }) => attempt.metricCode);
    this.batches.push(batch);
    await nextTurn();
    if (this.failure !== undefined) throw this.failure;
    return batch.map((code) =>
      this.held.has(code) ? { heldBack: new OverloadedError(`held: ${code}`) } : { error: `recorded ${code}` },
    );
  }
}

describe("UsageLanes", () => {
  let recorder: Recorder;
  let lanes: UsageLanes;

  beforeEach(() => {
    recorder = new Recorder();
    lanes = new UsageLanes(recorder, bounds, heldMaxMs);
    vi.useFakeTimers({ toFake: ["performance"] });
    return () => vi.useRealTimers();
  });

  const record = async (metricCode: string, caller?: { isGone: boolean }) =>
    (await lanes.submit(attemptOn(metricCode), caller)).error;

  async function turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) await nextTurn();
  }

  it("lets everybody else go on while attempts on a held counter wait, and records these once it is free", async () => {
    recorder.held.add("held");
    const waiting = [record("held"), record("held")];
    for (let round = 0; round < 5; round += 1) expect(await record("free")).toBe("recorded free");
    // Known to be held after the first batch: what comes for it later is not tried with the others.
    const late = record("held");
    expect(await record("free")).toBe("recorded free");
    expect(recorder.batches.filter((batch) => batch.includes("free") && batch.includes("held"))).toEqual([]);
    recorder.held.clear();
    expect(await Promise.all([...waiting, late])).toEqual(Array.from({ length: 3 }, () => "recorded held"));
    // And goes with the others again.
    recorder.batches.length = 0;
    await Promise.all([record("first"), record("free"), record("held")]);
    expect(recorder.batches).toEqual([["first"], ["free", "held"]]);
  });

  it("tells a crowd on one counter to come back later all at once, those too that were never tried", async () => {
    const narrow = new UsageLanes(recorder, { ...bounds, batchItemsMax: 2 }, heldMaxMs);
    recorder.held.add("held");
    const waiting = Array.from({ length: 9 }, async () => (await narrow.submit(attemptOn("held"))).error);
    await turns(20);
    vi.advanceTimersByTime(heldMaxMs);
    await turns(20);
    const answers = await Promise.race([Promise.all(waiting), turns(20).then(() => "some wait on")]);
    if (typeof answers === "string") throw new Error(answers);
    for (const answer of answers) expect(answer).toBeInstanceOf(OverloadedError);
  });

  it("tells attempts that have waited long enough to come back later, and the others not", async () => {
    recorder.held.add("held");
    const early = record("held");
    await turns(3);
    vi.advanceTimersByTime(heldMaxMs / 2);
    const late = record("held");
    await turns(3);
    vi.advanceTimersByTime(heldMaxMs / 2);
    const error = await early;
    expect(error).toBeInstanceOf(OverloadedError);
    expect((error as Error).message).toContain("held: held");
    recorder.held.clear();
    expect(await late).toBe("recorded held");
  });

  it("drops an attempt whose caller goes while it waits aside", async () => {
    recorder.held.add("held");
    const caller = { isGone: false };
    const outcome = expect(record("held", caller)).rejects.toMatchObject({ name: "AbortError" });
    await turns(5);
    expect(recorder.batches.length).toBeGreaterThan(1);
    caller.isGone = true;
    await outcome;
    const runs = recorder.batches.length;
    await turns(5);
    expect(recorder.batches).toHaveLength(runs);
  });

  it("keeps the order of the attempts on a counter, also when some come while it is held", async () => {
    recorder.held.add("held");
    const order: number[] = [];
    const outcomes: Promise<unknown>[] = [];
    for (let index = 0; index < 10; index += 1) {
      outcomes.push(record("held").then(() => order.push(index)));
      await turns(index % 4);
    }
    recorder.held.clear();
    await Promise.all(outcomes);
    expect(order).toEqual(Array.from({ length: 10 }, (_, index) => index));
  });

  it("tries every held counter in each turn, however large the crowd on one of them", async () => {
    for (const code of ["crowded", "lonely"]) recorder.held.add(code);
    const crowd = Array.from({ length: 2 * bounds.batchItemsMax - 2 }, () => record("crowded"));
    const lonely = record("lonely");
    await turns(20);
    recorder.batches.length = 0;
    await turns(5);
    expect(recorder.batches.length).toBeGreaterThan(2);
    expect(recorder.batches.every((batch) => batch.includes("lonely") && batch.length <= bounds.batchItemsMax)).toBe(
      true,
    );
    recorder.held.clear();
    expect(await lonely).toBe("recorded lonely");
    expect(new Set(await Promise.all(crowd))).toEqual(new Set(["recorded crowded"]));
  });

  it("lets nobody overtake those who still wait aside for a counter that is free again", async () => {
    const narrow = new UsageLanes(recorder, { ...bounds, batchItemsMax: 4 }, heldMaxMs);
    recorder.held.add("held");
    const order: string[] = [];
    const use = (name: string) => narrow.submit(attemptOn("held")).then(() => order.push(name));
    const crowd = Array.from({ length: bounds.queueItemsMax }, () => use("early"));
    await turns(20);
    recorder.held.clear();
    while (order.length === 0) await nextTurn();
    expect(order.length).toBeLessThan(crowd.length);
    await Promise.all([...crowd, use("late")]);
    expect(order.at(-1)).toBe("late");
  });

  it("tells those who wait aside of an outage", async () => {
    recorder.held.add("held");
    const outcome = record("held");
    const outage = expect(outcome).rejects.toBeInstanceOf(DatabaseUnavailableError);
    await turns(5);
    recorder.failure = new DatabaseUnavailableError(new Error("gone"));
    await outage;
  });

  it("refuses what exceeds the bound of those who wait aside, and nobody else", async () => {
    recorder.held.add("held");
    const outcomes: Promise<unknown>[] = [];
    for (let index = 0; index < 2 * bounds.queueItemsMax; index += 1) {
      // One after the other, so that it is the bound of this lane that they meet.
      outcomes.push(record("held").catch((error: unknown) => error));
      await turns(2);
    }
    expect(await record("free")).toBe("recorded free");
    recorder.held.clear();
    const settled = await Promise.all(outcomes);
    const refused = settled.filter((outcome) => outcome instanceof OverloadedError);
    expect(refused.length).toBe(bounds.queueItemsMax);
    expect(settled.filter((outcome) => outcome === "recorded held")).toHaveLength(bounds.queueItemsMax);
    recorder.held.add("held");
    const again = Array.from({ length: bounds.queueItemsMax }, () => record("held"));
    await turns(10);
    recorder.held.clear();
    expect(new Set(await Promise.all(again))).toEqual(new Set(["recorded held"]));
  });
});

describe("HeldCounters", () => {
  it("forgets the oldest when there are too many", () => {
    const held = new HeldCounters();
    for (let index = 0; index <= 10_000; index += 1) held.add({ tenantId, metricCode: `m${index}` });
    expect(held.has({ tenantId, metricCode: "m0" })).toBe(false);
    expect(held.has({ tenantId, metricCode: "m1" })).toBe(true);
    held.delete({ tenantId, metricCode: "m1" });
    expect(held.has({ tenantId, metricCode: "m1" })).toBe(false);
  });
});
