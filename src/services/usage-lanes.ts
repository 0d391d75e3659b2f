import type { UsageAttempt } from "../domain/usage-attempt.ts";
import { BatchQueue, type BatchQueueBounds, type Caller, type ItemResult, runAgain } from "./batch-queue.ts";
import type { BatchRecorder, CalledAttempt } from "./batch-recorder.ts";
import { HeldCounters } from "./held-counters.ts";
import { isHeldBack, type UsageOutcome, type UsageResult } from "./usage-outcome.ts";

/** What a waiting attempt occupies besides its metadata, roughly. */
const attemptBytes = 512;

interface Waiting extends CalledAttempt {
  readonly bytes: number;
  /** When it was first held back, and what to tell its caller when that is too long ago; absent until then. */
  held?: { readonly since: number; readonly failure: Error };
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
    return await this.#main.submit({ attempt, bytes, caller }, bytes, caller);
  }

  async #runFree(batch: readonly Waiting[]): Promise<readonly ItemResult<UsageOutcome>[]> {
    const outcomes = await this.#recordUnless(batch, ({ attempt }) => this.#held.has(attempt));
    return batch.map((waiting, index) => outcomes[index] ?? this.#waitAside(waiting));
  }

  async #runHeld(batch: readonly Waiting[]): Promise<readonly ItemResult<UsageOutcome>[]> {
    const outcomes = await this.#recordUnless(batch, (waiting) => this.#hasWaitedEnough(waiting));
    return batch.map((waiting, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) return this.#hasWaitedEnough(waiting) ? { error: waiting.held?.failure } : runAgain;
      // Of a caller who has gone, nothing was tried.
      if (waiting.caller?.isGone !== true) this.#held.delete(waiting.attempt);
      return outcome;
    });
  }

  /** The outcomes; undefined for what was left out, and for what is held. */
  async #recordUnless(
    batch: readonly Waiting[],
    isLeftOut: (waiting: Waiting) => boolean,
  ): Promise<readonly (UsageOutcome | undefined)[]> {
    const leftOut = batch.map(isLeftOut);
    const tried = batch.filter((_, index) => leftOut[index] === false);
    const results: UsageResult[] = tried.length === 0 ? [] : [...(await this.#recorder.record(tried))];
    return batch.map((waiting, index) => {
      const result = leftOut[index] === true ? undefined : results.shift();
      if (result === undefined || !isHeldBack(result)) return result;
      this.#held.add(waiting.attempt);
      waiting.held = { since: waiting.held?.since ?? performance.now(), failure: result.heldBack };
      return undefined;
    });
  }

  #hasWaitedEnough({ held }: Waiting): boolean {
    return held !== undefined && performance.now() - held.since >= this.#heldMaxMs;
  }

  #waitAside(waiting: Waiting): Promise<UsageOutcome> {
    const outcome = this.#aside.submit(waiting, waiting.bytes, waiting.caller);
    // Whoever waits for the attempt hears of a failure a turn later than it may come; until then nobody listens.
    outcome.catch(() => undefined);
    return outcome;
  }
}
