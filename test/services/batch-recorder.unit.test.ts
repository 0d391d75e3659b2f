import { describe, expect, it } from "vitest";
import type { CounterKey } from "../../src/domain/counter-key.ts";
import { DatabaseUnavailableError } from "../../src/domain/errors/availability-errors.ts";
import type { UsageAttempt } from "../../src/domain/usage-attempt.ts";
import { StorageBusyError } from "../../src/repositories/storage-errors.ts";
import { BatchRecorder, type CalledAttempt } from "../../src/services/batch-recorder.ts";
import { LocksHeldError, RacesLostError } from "../../src/services/storage-failures.ts";
import { isHeldBack, type UsageOutcome, type UsageResult } from "../../src/services/usage-outcome.ts";
import { aTenant } from "../support/builders.ts";

const tenantId = aTenant();

function attemptsOn(...metricCodes: string[]): CalledAttempt[] {
  return metricCodes.map((metricCode) => ({
    attempt: { tenantId, metricCode, amount: 1n, metadata: "{}" },
    caller: undefined,
  }));
}

const busy = () => new LocksHeldError(new StorageBusyError("others hold the locks"));

/** A storage in which the trouble of a counter befalls every batch that it is in. */
class Troubled {
  readonly batches: string[][] = [];
  readonly visibly: ReadonlySet<string>;
  isTableLocked = false;
  onFindBlocked = (): void => undefined;
  readonly #troubles: ReadonlyMap<string, () => Error>;

  constructor(troubles: Readonly<Record<string, () => Error>>, visibly: readonly string[] = []) {
    this.#troubles = new Map(Object.entries(troubles));
    this.visibly = new Set(visibly);
  }

  async record(attempts: readonly UsageAttempt[]): Promise<readonly UsageOutcome[]> {
    this.batches.push(attempts.map(({ metricCode }) => metricCode));
    for (const { metricCode } of attempts) {
      const trouble = this.#troubles.get(metricCode);
      if (trouble !== undefined) throw trouble();
    }
    // What was recorded is told apart by its metric.
    return attempts.map(({ metricCode }) => ({ error: `recorded ${metricCode}` }));
  }

  async findBlocked(keys: readonly CounterKey[]): Promise<readonly CounterKey[]> {
    this.onFindBlocked();
    if (this.isTableLocked) throw new StorageBusyError("others hold the table");
    return keys.filter((key) => this.visibly.has(key.metricCode));
  }
}

async function record(storage: Troubled, metricCodes: readonly string[]): Promise<unknown[]> {
  const results = await new BatchRecorder(storage, storage).record(attemptsOn(...metricCodes));
  return results.map(textOf);
}

function textOf(result: UsageResult): unknown {
  if (!isHeldBack(result)) return result.error;
  const { reason, message } = result.heldBack;
  if (reason !== "OVERLOADED") return "table";
  return message.includes("the counter of") ? "held" : "stuck";
}

describe("BatchRecorder", () => {
  it("records a batch in one go where nobody is in the way", async () => {
    const storage = new Troubled({});
    expect(await record(storage, ["a", "b"])).toEqual(["recorded a", "recorded b"]);
    expect(storage.batches).toEqual([["a", "b"]]);
  });

  it("leaves out a counter that is seen to be held", async () => {
    const storage = new Troubled({ b: busy }, ["b"]);
    expect(await record(storage, ["a", "b", "c", "b"])).toEqual(["recorded a", "held", "recorded c", "held"]);
    expect(storage.batches).toEqual([
      ["a", "b", "c", "b"],
      ["a", "c"],
    ]);
    expect(await record(new Troubled({ b: busy }, ["b"]), ["b", "b"])).toEqual(["held", "held"]);
  });

  it("finds what is held and cannot be seen by parting the batch, and writes everything else once", async () => {
    const metricCodes = Array.from({ length: 512 }, (_, index) => `m${index}`);
    const storage = new Troubled({ m300: busy });
    const results = await record(storage, metricCodes);
    expect(results).toEqual(metricCodes.map((code) => (code === "m300" ? "stuck" : `recorded ${code}`)));
    const written = storage.batches.filter((batch) => !batch.includes("m300")).flat();
    expect(written.toSorted()).toEqual(metricCodes.filter((code) => code !== "m300").toSorted());
    expect(storage.batches.filter((batch) => batch.includes("m300"))).toHaveLength(10);
  });

  it("looks for several that are stuck alike, so that few others are held back with them", async () => {
    const metricCodes = Array.from({ length: 512 }, (_, index) => `m${index}`);
    const storage = new Troubled({ m1: busy, m200: busy, m400: busy });
    const results = await record(storage, metricCodes);
    for (const index of [1, 200, 400]) expect(results[index]).toBe("stuck");
    // Sixteen partings make the company of each at least six times half as large, from 512 to 8.
    expect(results.filter((result) => result === "stuck").length).toBeLessThanOrEqual(24);
  });

  it("leaves out what is seen to be held no more often than it parts", async () => {
    const metricCodes = Array.from({ length: 512 }, (_, index) => `m${index}`);
    const storage = new Troubled(Object.fromEntries(metricCodes.map((code) => [code, busy])));
    // Another one each time that somebody looks.
    let looks = 0;
    const oneMore = { findBlocked: async () => [{ tenantId, metricCode: `m${looks++}` }] };
    const results = await new BatchRecorder(storage, oneMore).record(attemptsOn(...metricCodes));
    expect(looks).toBe(17);
    expect(results.map(textOf)).toEqual(metricCodes.map((_, index) => (index < 17 ? "held" : "stuck")));
  });

  it("gives up on parting when everything is held, and holds back what it has not tried", async () => {
    const metricCodes = Array.from({ length: 512 }, (_, index) => `m${index}`);
    const storage = new Troubled(Object.fromEntries(metricCodes.map((code) => [code, busy])));
    expect(new Set(await record(storage, metricCodes))).toEqual(new Set(["stuck"]));
    expect(storage.batches).toHaveLength(33);
  });

  it("holds everything back, untried, while somebody holds the whole table", async () => {
    const storage = new Troubled({ a: busy, b: busy });
    storage.isTableLocked = true;
    expect(await record(storage, ["a", "b", "c"])).toEqual(["table", "table", "table"]);
    expect(storage.batches).toHaveLength(1);
  });

  it("finds a key that is held among the attempts on one counter", async () => {
    const keyed = (idempotencyKey?: string): CalledAttempt => ({
      attempt: {
        tenantId,
        metricCode: "a",
        amount: 1n,
        metadata: "{}",
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      },
      caller: undefined,
    });
    const written: string[] = [];
    const recorder = new BatchRecorder(
      {
        record: async (attempts) => {
          if (attempts.some((attempt) => attempt.idempotencyKey === "taken")) throw busy();
          return attempts.map(({ idempotencyKey = "none" }) => {
            written.push(idempotencyKey);
            return { error: idempotencyKey };
          });
        },
      },
      { findBlocked: async () => [] },
    );
    const results = await recorder.record([keyed(), keyed("free"), keyed("taken"), keyed(), keyed("other")]);
    expect(results.map(textOf)).toEqual(["none", "free", "stuck", "none", "other"]);
    // In the order of the calls, as long as they can be recorded.
    expect(written).toEqual(["none", "free", "none", "other"]);
    written.length = 0;
    await recorder.record(["taken", "b", "c", "d", "e", "f", "g", "h"].map(keyed));
    expect(written).toEqual(["b", "c", "d", "e", "f", "g", "h"]);
  });

  it("does nothing for a caller who goes before the transaction that its attempt is in after all", async () => {
    const caller = { isGone: false };
    const [held, gone, present] = attemptsOn("held", "gone", "present");
    if (held === undefined || gone === undefined || present === undefined) throw new Error("there are three");
    const storage = new Troubled({ held: busy }, ["held"]);
    storage.onFindBlocked = () => {
      caller.isGone = true;
    };
    const results = await new BatchRecorder(storage, storage).record([held, { ...gone, caller }, present]);
    expect(results.map(textOf)).toEqual(["held", expect.objectContaining({ name: "AbortError" }), "recorded present"]);
    expect(storage.batches.at(-1)).toEqual(["present"]);
  });

  it("fails a counter that loses every race alone", async () => {
    const storage = new Troubled({ b: () => new RacesLostError(12) });
    const results = await record(storage, ["a", "b", "c"]);
    expect(results).toEqual(["recorded a", new RacesLostError(12), "recorded c"]);
  });

  it("lets a failure of the whole batch be the whole batch's, as long as nothing is written", async () => {
    const outage = new DatabaseUnavailableError(new Error("gone"));
    const storage = new Troubled({ b: () => outage });
    await expect(record(storage, ["a", "b"])).rejects.toBe(outage);
  });

  it("fails what is left of a batch without what is held, and lets that wait", async () => {
    const outage = new DatabaseUnavailableError(new Error("gone"));
    let runs = 0;
    const storage = new Troubled({ b: () => (runs++ === 0 ? busy() : outage), c: () => outage }, ["b"]);
    expect(await record(storage, ["b", "a", "c"])).toEqual(["held", outage, outage]);
    runs = 0;
    const defect = new Error("defect");
    const poisoned = new Troubled({ b: busy, c: () => defect }, ["b"]);
    expect(await record(poisoned, ["b", "a", "c"])).toEqual(["held", "recorded a", defect]);
  });

  it("fails only its part once another part may be written", async () => {
    const defect = new Error("defect");
    const outage = new DatabaseUnavailableError(new Error("gone"));
    let runs = 0;
    const busyAtFirst = () => (runs++ === 0 ? busy() : outage);
    expect(await record(new Troubled({ d: busyAtFirst }), ["a", "b", "c", "d"])).toEqual([
      "recorded a",
      "recorded b",
      outage,
      outage,
    ]);
    runs = 0;
    const poisonedAfterwards = () => (runs++ === 0 ? busy() : defect);
    expect(await record(new Troubled({ d: poisonedAfterwards }), ["a", "b", "c", "d"])).toEqual([
      "recorded a",
      "recorded b",
      "recorded c",
      defect,
    ]);
  });
});
