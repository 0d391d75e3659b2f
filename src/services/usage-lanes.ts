import { counterKeyText } from "../domain/counter-key.ts";
import { OverloadedError } from "../domain/errors/availability-errors.ts";
import type { UsageAttempt } from "../domain/usage-attempt.ts";
import { BatchQueue, type BatchQueueBounds, type Caller, type ItemResult, runAgain } from "./batch-queue.ts";
import type { BatchRecorder, CalledAttempt } from "./batch-recorder.ts";
import { fairShare } from "./fair-share.ts";
import { HeldCounters } from "./held-counters.ts";
import { isHeldBack, noResult, type UsageOutcome } from "./usage-outcome.ts";

/** What a waiting attempt occupies besides its metadata, roughly. */
const attemptBytes = 512;

interface Waiting extends CalledAttempt {
  readonly bytes: number;
  /** Since when its counter is known to be held, and what came of its last try; absent until then. */
  held?: { readonly since: number; readonly failure?: Error };
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
  readonly #bounds: BatchQueueBounds;
  readonly #held = new HeldCounters();
  #turn = 0;
  #asideItems = 0;
  #asideBytes = 0;

  /** @param heldMaxMs how long an attempt waits for its counter before it is told to come back later */
  constructor(recorder: Pick<BatchRecorder, "record">, bounds: BatchQueueBounds, heldMaxMs: number) {
    this.#recorder = recorder;
    this.#heldMaxMs = heldMaxMs;
    this.#main = new BatchQueue((batch) => this.#runFree(batch), bounds);
    this.#bounds = bounds;
    this.#aside = new BatchQueue((batch) => this.#runHeld(batch), { ...bounds, batchItemsMax: bounds.queueItemsMax });
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
    const outcomes = await this.#record(batch.filter(({ attempt }) => !this.#held.has(attempt)));
    return batch.map((waiting) => outcomes.get(waiting) ?? this.#waitAside(waiting));
  }

  /** @param batch all that waits aside, in the order in which it came */
  async #runHeld(batch: readonly Waiting[]): Promise<readonly ItemResult<UsageOutcome>[]> {
    const waiting = batch.filter((one) => !this.#hasWaitedEnough(one));
    const counterOf = ({ attempt }: Waiting) => counterKeyText(attempt);
    const chosen = fairShare(waiting, counterOf, this.#bounds.batchItemsMax, this.#turn++);
    const outcomes = await this.#record(waiting.filter((one) => chosen.has(one)));
    const results = batch.map(
      (one) => outcomes.get(one) ?? (this.#hasWaitedEnough(one) ? { error: failureOf(one) } : runAgain),
    );
    const stillWaiting = new Set(batch.filter((_, index) => results[index] === runAgain).map(counterOf));
    for (const one of outcomes.keys()) {
      // What came of a caller who has gone says nothing. And as long as others wait here, a newcomer must not overtake them.
      if (one.caller?.isGone !== true && !stillWaiting.has(counterOf(one))) this.#held.delete(one.attempt);
    }
    return results;
  }

  /** The outcomes, without what is held. */
  async #record(tried: readonly Waiting[]): Promise<ReadonlyMap<Waiting, UsageOutcome>> {
    const outcomes = new Map<Waiting, UsageOutcome>();
    if (tried.length === 0) return outcomes;
    const results = await this.#recorder.record(tried);
    for (const [index, waiting] of tried.entries()) {
      const result = results[index] ?? noResult;
      if (isHeldBack(result)) {
        this.#held.add(waiting.attempt);
        waiting.held = { since: waiting.held?.since ?? performance.now(), failure: result.heldBack };
      } else {
        outcomes.set(waiting, result);
      }
    }
    return outcomes;
  }

  #hasWaitedEnough({ held }: Waiting): boolean {
    return held !== undefined && performance.now() - held.since >= this.#heldMaxMs;
  }

  /** The queue counts what waits in it, and not what is being tried and comes back. */
  #waitAside(waiting: Waiting): UsageOutcome | Promise<UsageOutcome> {
    const { queueItemsMax, queueBytesMax } = this.#bounds;
    if (this.#asideItems >= queueItemsMax || this.#asideBytes + waiting.bytes > queueBytesMax) {
      return { error: new OverloadedError(`${this.#asideItems} calls wait for held counters already`) };
    }
    this.#asideItems += 1;
    this.#asideBytes += waiting.bytes;
    // From now on, tried or not: in a crowd on one counter the last may never have their turn.
    waiting.held ??= { since: performance.now() };
    const left = () => {
      this.#asideItems -= 1;
      this.#asideBytes -= waiting.bytes;
    };
    const outcome = this.#aside.submit(waiting, waiting.bytes, waiting.caller);
    outcome.then(left, left);
    return outcome;
  }
}

function failureOf({ attempt, held }: Waiting): Error {
  return held?.failure ?? new OverloadedError(`another transaction holds the counter of ${attempt.metricCode}`);
}
