import type { UsageAttempt } from "../domain/usage-attempt.ts";
import { BatchQueue, type BatchQueueBounds, type Caller } from "./batch-queue.ts";
import type { BatchRecorder } from "./batch-recorder.ts";
import { HeldCounters } from "./held-counters.ts";
import { type HeldBack, isHeldBack, type UsageOutcome } from "./usage-outcome.ts";

/** What a waiting attempt occupies besides its metadata, roughly. */
const attemptBytes = 512;

interface Waiting {
  readonly attempt: UsageAttempt;
  readonly bytes: number;
  readonly caller: Caller | undefined;
  readonly since: number;
}

/**
 * Two queues of attempts. All go through the first, in batches, until a counter turns out to be held by a transaction that does
 * not end. From then on what is for this counter waits in the second, and tries again and again, so that nobody else waits
 * with it. Where nothing is held the second has nothing to do.
 */
export class UsageLanes {
  readonly #recorder: Pick<BatchRecorder, "record">;
  readonly #heldMaxMs: number;
  readonly #main: BatchQueue<Waiting, UsageOutcome>;
  readonly #aside: BatchQueue<Waiting, UsageOutcome>;
  readonly #held = new HeldCounters();

  /** @param heldMaxMs how long an attempt waits for its counter before it is told to come back later */
  constructor(recorder: Pick<BatchRecorder, "record">, bounds: BatchQueueBounds, heldMaxMs: number) {
    this.#recorder = recorder;
    this.#heldMaxMs = heldMaxMs;
    this.#main = new BatchQueue((batch) => this.#runFree(batch), bounds);
    this.#aside = new BatchQueue((batch) => this.#runHeld(batch), bounds);
  }

  /**
   * @param caller when it has gone before the attempt's batch begins, nothing is done
   * @throws OverloadedError, DatabaseUnavailableError: nothing was done
   * @throws an AbortError when the caller had gone; nothing was done
   */
  async submit(attempt: UsageAttempt, caller?: Caller): Promise<UsageOutcome> {
    const bytes = attemptBytes + attempt.metadata.length;
    return await this.#main.submit({ attempt, bytes, caller, since: performance.now() }, bytes, caller);
  }

  async #runFree(batch: readonly Waiting[]): Promise<readonly (UsageOutcome | Promise<UsageOutcome>)[]> {
    const isHeld = batch.map(({ attempt }) => this.#held.has(attempt));
    const free = batch.filter((_, index) => isHeld[index] === false);
    const results = free.length === 0 ? [] : [...(await this.#recorder.record(free.map(({ attempt }) => attempt)))];
    return batch.map((waiting, index) => {
      const result = isHeld[index] === true ? undefined : results.shift();
      if (result === undefined) return this.#waitAside(waiting);
      return isHeldBack(result) ? this.#holdBack(waiting, result) : result;
    });
  }

  async #runHeld(batch: readonly Waiting[]): Promise<readonly (UsageOutcome | Promise<UsageOutcome>)[]> {
    const results = await this.#recorder.record(batch.map(({ attempt }) => attempt));
    return batch.map((waiting, index) => {
      const result = results[index];
      if (result === undefined) throw new Error("an attempt has no result");
      if (isHeldBack(result)) return this.#holdBack(waiting, result);
      this.#held.delete(waiting.attempt);
      return result;
    });
  }

  #holdBack(waiting: Waiting, { heldBack }: HeldBack): UsageOutcome | Promise<UsageOutcome> {
    this.#held.add(waiting.attempt);
    if (performance.now() - waiting.since >= this.#heldMaxMs) return { error: heldBack };
    return this.#waitAside(waiting);
  }

  #waitAside(waiting: Waiting): Promise<UsageOutcome> {
    const outcome = this.#aside.submit(waiting, waiting.bytes, waiting.caller);
    // Whoever waits for the attempt hears of a failure a turn later than it may come; until then nobody listens.
    outcome.catch(() => undefined);
    return outcome;
  }
}
