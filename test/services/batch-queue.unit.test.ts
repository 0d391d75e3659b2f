import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DatabaseUnavailableError, OverloadedError } from "../../src/domain/errors/availability-errors.ts";
import { BatchQueue, type BatchQueueBounds, runAgain } from "../../src/services/batch-queue.ts";

const bounds: BatchQueueBounds = { batchItemsMax: 4, queueItemsMax: 8, queueBytesMax: 1_000, waitMaxMs: 10_000 };

/** Runs that end when the test says so. */
class Runs {
  readonly batches: (readonly string[])[] = [];
  readonly #ends: PromiseWithResolvers<void>[] = [];

  readonly run = async (items: readonly string[]): Promise<readonly string[]> => {
    this.batches.push(items);
    const end = Promise.withResolvers<void>();
    this.#ends.push(end);
    await end.promise;
    return items.map((item) => `${item} done`);
  };

  async end(batch: number, error?: Error): Promise<void> {
    if (error === undefined) this.#ends[batch]?.resolve();
    else this.#ends[batch]?.reject(error);
    await settle();
  }
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

/** Lets everything that is not waiting for the test run on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** The next turn of the event loop, in which timers and sockets have had theirs. */
async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("BatchQueue", () => {
  let runs: Runs;
  let queue: BatchQueue<string, string>;

  beforeEach(() => {
    runs = new Runs();
    queue = new BatchQueue(runs.run, bounds);
  });

  it("starts a lonely item at once, alone", async () => {
    const outcome = queue.submit("a", 1);
    expect(runs.batches).toEqual([["a"]]);
    await runs.end(0);
    expect(await outcome).toBe("a done");
  });

  it("runs what arrives meanwhile together next, in order, each with its own outcome", async () => {
    const first = queue.submit("a", 1);
    const others = ["b", "c", "d"].map((item) => queue.submit(item, 1));
    expect(runs.batches).toEqual([["a"]]);
    await runs.end(0);
    expect(runs.batches).toEqual([["a"], ["b", "c", "d"]]);
    await runs.end(1);
    expect(await Promise.all([first, ...others])).toEqual(["a done", "b done", "c done", "d done"]);
  });

  it("begins the next batch before it answers the last, and answers in slices between which others get their turn", async () => {
    const crowded = new BatchQueue(runs.run, { ...bounds, batchItemsMax: 100, queueItemsMax: 200 });
    const log: string[] = [];
    const note = (text: string) => () => void log.push(text);
    const submit = (item: string) => crowded.submit(item, 1).then(note(item));
    const first = submit("first");
    const crowd = Array.from({ length: 70 }, (_, index) => submit(`crowd ${index}`));
    await runs.end(0);
    const last = submit("last");
    expect(runs.batches).toHaveLength(2);
    expect(log).toEqual([]);
    await first;
    log.length = 0;
    await runs.end(1);
    expect(runs.batches[2]).toEqual(["last"]);
    expect(log).toEqual([]);
    const turns = Array.from({ length: 3 }, (_, index) => nextTurn().then(note(`turn ${index}`)));
    await Promise.all([...crowd, ...turns]);
    await runs.end(2);
    await last;
    const places = ["turn 0", "turn 1", "turn 2"].map((turn) => log.indexOf(turn));
    expect(places.every((place) => place > 0 && place < crowd.length)).toBe(true);
  });

  it("never takes more items into a batch than its bound", async () => {
    const outcomes = ["a", "b", "c", "d", "e", "f"].map((item) => queue.submit(item, 1));
    await runs.end(0);
    await runs.end(1);
    await runs.end(2);
    expect(runs.batches).toEqual([["a"], ["b", "c", "d", "e"], ["f"]]);
    expect(await Promise.all(outcomes)).toHaveLength(6);
  });

  it("refuses at once what exceeds the number that may wait, and disturbs nobody", async () => {
    const running = queue.submit("a", 1);
    const waiting = Array.from({ length: bounds.queueItemsMax }, (_, index) => queue.submit(`w${index}`, 1));
    await expect(queue.submit("z", 1)).rejects.toBeInstanceOf(OverloadedError);
    await runs.end(0);
    await runs.end(1);
    await runs.end(2);
    expect(await Promise.all([running, ...waiting])).toHaveLength(bounds.queueItemsMax + 1);
    expect(runs.batches.flat()).not.toContain("z");
  });

  it("refuses at once what exceeds the bytes that may wait, and admits again when they have gone", async () => {
    const running = queue.submit("a", 1);
    const waiting = queue.submit("b", bounds.queueBytesMax);
    await expect(queue.submit("c", 1)).rejects.toBeInstanceOf(OverloadedError);
    await runs.end(0);
    const later = queue.submit("d", 1);
    await runs.end(1);
    await runs.end(2);
    expect(await Promise.all([running, waiting, later])).toEqual(["a done", "b done", "d done"]);
  });

  it("drops an item whose caller has gone before its batch, and runs its neighbours", async () => {
    const caller = { isGone: false };
    const running = queue.submit("a", 1);
    const dropped = queue.submit("b", 1, caller);
    const neighbour = queue.submit("c", 1);
    caller.isGone = true;
    const rejection = expect(dropped).rejects.toMatchObject({ name: "AbortError" });
    await runs.end(0);
    await rejection;
    expect(runs.batches).toEqual([["a"], ["c"]]);
    await runs.end(1);
    expect(await Promise.all([running, neighbour])).toEqual(["a done", "c done"]);
  });

  it("finishes an item whose caller goes once its batch has begun", async () => {
    const caller = { isGone: false };
    const outcome = queue.submit("a", 1, caller);
    caller.isGone = true;
    await runs.end(0);
    expect(await outcome).toBe("a done");
  });

  it("tells everybody in a batch of a failure that is nobody's own, and goes on", async () => {
    const first = queue.submit("a", 1);
    const failing = ["b", "c"].map((item) => queue.submit(item, 1));
    await runs.end(0);
    const outage = new DatabaseUnavailableError(new Error("gone"));
    const rejections = Promise.all(failing.map((outcome) => expect(outcome).rejects.toBe(outage)));
    await runs.end(1, outage);
    await rejections;
    const next = queue.submit("d", 1);
    await runs.end(2);
    expect(await Promise.all([first, next])).toEqual(["a done", "d done"]);
  });

  it("takes what is to run again into later batches, within its bounds, until it has an outcome or its caller goes", async () => {
    let isHeld = true;
    const tried: (readonly string[])[] = [];
    const again = new BatchQueue<string, string>(async (items) => {
      tried.push(items);
      await nextTurn();
      return items.map((item) => (isHeld && item.startsWith("held") ? runAgain : `${item} done`));
    }, bounds);
    const caller = { isGone: false };
    const held = again.submit("held", 1);
    const gone = expect(again.submit("held and gone", 1, caller)).rejects.toMatchObject({ name: "AbortError" });
    expect(await again.submit("free", 1)).toBe("free done");
    caller.isGone = true;
    await gone;
    const crowd = Array.from({ length: bounds.queueItemsMax + 1 }, (_, index) => again.submit(`held ${index}`, 1));
    const refused = crowd.map((outcome) => outcome.catch((error: unknown) => error));
    await nextTurn();
    isHeld = false;
    expect(await held).toBe("held done");
    const outcomes = await Promise.all(refused);
    expect(outcomes.filter((outcome) => outcome instanceof OverloadedError).length).toBeGreaterThan(0);
    expect(outcomes.filter((outcome) => typeof outcome === "string").length).toBeGreaterThan(bounds.batchItemsMax);
    expect(await again.submit("last", 1)).toBe("last done");
    expect(tried.filter((batch) => batch.includes("held and gone")).length).toBeLessThan(tried.length / 2);
  });

  it("runs a batch that fails for an unknown reason again item by item, so that only the culprit fails", async () => {
    const defect = new Error("poison");
    const tried: (readonly string[])[] = [];
    const poisoned = new BatchQueue<string, string>(async (items) => {
      tried.push(items);
      await Promise.resolve();
      if (items.includes("poison")) throw defect;
      return items.map((item) => `${item} done`);
    }, bounds);
    const outcomes = ["a", "b", "poison", "c"].map((item) => poisoned.submit(item, 1));
    const settled = await Promise.allSettled(outcomes);
    expect(settled.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : outcome.reason))).toEqual([
      "a done",
      "b done",
      defect,
      "c done",
    ]);
    expect(tried).toEqual([["a"], ["b", "poison", "c"], ["b"], ["poison"], ["c"]]);
  });

  describe("with time", () => {
    beforeEach(() => {
      // Answers come by setImmediate, which is no matter of time.
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    });

    afterEach(() => {
      vi.useRealTimers();
    });

    it("ends the wait of an item that no batch has taken in time, and not of one that came later", async () => {
      const running = queue.submit("a", 1);
      const early = queue.submit("b", 1);
      const rejection = expect(early).rejects.toBeInstanceOf(OverloadedError);
      await vi.advanceTimersByTimeAsync(bounds.waitMaxMs / 2);
      const late = queue.submit("c", 1);
      await vi.advanceTimersByTimeAsync(bounds.waitMaxMs / 2);
      await rejection;
      await runs.end(0);
      expect(runs.batches).toEqual([["a"], ["c"]]);
      await runs.end(1);
      expect(await Promise.all([running, late])).toEqual(["a done", "c done"]);
    });

    it("lets go of items that waited too long, however long the batch under way is stuck", async () => {
      void queue.submit("a", 1);
      const late = new WeakRef({ payload: "x".repeat(64) });
      const holder = new BatchQueue<{ payload: string }, string>(() => new Promise(() => undefined), bounds);
      void holder.submit({ payload: "running" }, 1);
      const outcome = expect(holder.submit(late.deref() ?? { payload: "" }, 1)).rejects.toBeInstanceOf(OverloadedError);
      await vi.advanceTimersByTimeAsync(bounds.waitMaxMs);
      await outcome;
      collectGarbage();
      expect(late.deref()).toBeUndefined();
    });

    it("does not wait for anything before a batch", () => {
      void queue.submit("a", 1);
      expect(runs.batches).toEqual([["a"]]);
    });
  });
});
