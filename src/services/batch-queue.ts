import { OverloadedError } from "../domain/errors/availability-errors.ts";
import { QuotaServiceError } from "../domain/errors/quota-service-error.ts";

/** How much may wait, and how much goes together. */
export interface BatchQueueBounds {
  /** Most items of one batch. */
  readonly batchItemsMax: number;
  /** Most items that wait for a batch. */
  readonly queueItemsMax: number;
  /** Most bytes of items that wait. */
  readonly queueBytesMax: number;
  /** Longest wait for a batch to begin. */
  readonly waitMaxMs: number;
}

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly bytes: number;
  readonly since: number;
  readonly caller: Caller | undefined;
  readonly resolve: (outcome: Outcome | Promise<Outcome>) => void;
  readonly reject: (error: unknown) => void;
  hasLeft: boolean;
  /** Its batch has begun before, so that it no longer waits for one. */
  isAgain: boolean;
}

/** Nothing was done about an item, which keeps its place: before all that came later. How long, is up to who says so. */
export const runAgain = Symbol("run again");

/** An item's outcome, or the promise of one, which keeps neither its neighbours nor the next batch waiting. */
export type ItemResult<Outcome> = Outcome | Promise<Outcome> | typeof runAgain;

/** Answers each item at its place. What it throws holds for the whole batch, of which nothing was done. */
export type RunBatch<Item, Outcome> = (items: readonly Item[]) => Promise<readonly ItemResult<Outcome>[]>;

/** Whether somebody still waits for the outcome. */
export interface Caller {
  readonly isGone: boolean;
}

/**
 * Runs what arrives while a batch is in flight together in the next one. There is no timer before a batch: a lonely item
 * starts at once, and a crowd pays for one transaction (group commit).
 *
 * Items do not disturb each other: each has its own outcome, an item whose caller is gone is dropped before its batch, and a
 * batch that fails for a reason of no known kind is run again item by item, so that only the culprit fails.
 */
export class BatchQueue<Item, Outcome> {
  readonly #run: RunBatch<Item, Outcome>;
  readonly #bounds: BatchQueueBounds;
  #waiting: Waiting<Item, Outcome>[] = [];
  #waitingItems = 0;
  #waitingBytes = 0;
  #isRunning = false;
  #expiry: NodeJS.Timeout | undefined;

  constructor(run: RunBatch<Item, Outcome>, bounds: BatchQueueBounds) {
    this.#run = run;
    this.#bounds = bounds;
  }

  /**
   * @param bytes what the item occupies while it waits
   * @param caller looked at when the item's turn comes, and not again once its batch has begun
   * @throws OverloadedError when too much waits already, or the wait was too long; nothing was done
   * @throws an AbortError when the caller had gone; nothing was done
   */
  async submit(item: Item, bytes: number, caller?: Caller): Promise<Outcome> {
    const { queueItemsMax, queueBytesMax } = this.#bounds;
    if (this.#waitingItems >= queueItemsMax) throw new OverloadedError(`${this.#waitingItems} calls wait already`);
    if (this.#waitingBytes + bytes > queueBytesMax) {
      throw new OverloadedError(`calls of ${this.#waitingBytes} bytes wait already`);
    }
    return await new Promise<Outcome>((resolve, reject) => {
      const since = performance.now();
      const waiting = { item, bytes, since, caller, resolve, reject, hasLeft: false, isAgain: false };
      this.#waiting.push(waiting);
      this.#enter(waiting);
      this.#expiry ??= this.#expireLater(this.#bounds.waitMaxMs);
      this.#start();
    });
  }

  #enter(waiting: Waiting<Item, Outcome>): void {
    this.#waitingItems += 1;
    this.#waitingBytes += waiting.bytes;
  }

  #enterAgain(again: readonly Waiting<Item, Outcome>[]): void {
    if (again.length === 0) return;
    for (const waiting of again) {
      waiting.hasLeft = false;
      waiting.isAgain = true;
      this.#enter(waiting);
    }
    this.#waiting = [...again, ...this.#waiting];
  }

  #leave(waiting: Waiting<Item, Outcome>): void {
    waiting.hasLeft = true;
    this.#waitingItems -= 1;
    this.#waitingBytes -= waiting.bytes;
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#runUntilEmpty();
  }

  async #runUntilEmpty(): Promise<void> {
    for (;;) {
      const batch = this.#take();
      if (batch.length === 0) break;
      await this.#runBatch(batch);
    }
    this.#isRunning = false;
  }

  #take(): Waiting<Item, Outcome>[] {
    const batch: Waiting<Item, Outcome>[] = [];
    let passed = 0;
    for (const waiting of this.#waiting) {
      if (batch.length >= this.#bounds.batchItemsMax) break;
      passed += 1;
      if (waiting.hasLeft) continue;
      this.#leave(waiting);
      if (waiting.caller?.isGone === true) waiting.reject(callerHasGone());
      else batch.push(waiting);
    }
    this.#waiting = this.#waiting.slice(passed);
    return batch;
  }

  async #runBatch(batch: readonly Waiting<Item, Outcome>[]): Promise<void> {
    try {
      const results = await this.#run(batch.map((waiting) => waiting.item));
      this.#enterAgain(batch.filter((_, index) => results[index] === runAgain));
      answerInSlices(batch, results);
    } catch (error) {
      if (batch.length === 1 || error instanceof QuotaServiceError) {
        for (const waiting of batch) waiting.reject(error);
      } else {
        for (const waiting of batch) await this.#runBatch([waiting]);
      }
    }
  }

  #expireLater(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#expire(), afterMs).unref();
  }

  /** The queue is in order of arrival, so those that waited too long stand first. */
  #expire(): void {
    const { waitMaxMs } = this.#bounds;
    const now = performance.now();
    for (const waiting of this.#waiting) {
      if (waiting.hasLeft || waiting.isAgain) continue;
      if (now - waiting.since < waitMaxMs) break;
      this.#leave(waiting);
      waiting.reject(new OverloadedError(`no batch began within ${waitMaxMs} ms`));
    }
    // Let go of them now: the batch under way may be stuck for longer than many such waits.
    this.#waiting = this.#waiting.filter((waiting) => !waiting.hasLeft);
    const next = this.#waiting.find((waiting) => !waiting.isAgain);
    this.#expiry = next === undefined ? undefined : this.#expireLater(next.since + waitMaxMs - now);
  }
}

export function callerHasGone(): DOMException {
  return new DOMException("the caller no longer waits", "AbortError");
}

/** Answers between two looks at what the storage has sent. */
const sliceItems = 32;

/**
 * Lets the next batch begin first, and then answers slice by slice. To answer a call costs as much as to decide it: answered in
 * one go, a full batch keeps this process from hearing that the storage waits for the next statement.
 */
function answerInSlices<Item, Outcome>(
  batch: readonly Waiting<Item, Outcome>[],
  results: readonly ItemResult<Outcome>[],
  from = 0,
): void {
  setImmediate(() => {
    const end = Math.min(from + sliceItems, batch.length);
    for (let index = from; index < end; index += 1) {
      const result = results[index];
      if (result !== runAgain) batch[index]?.resolve(result as Outcome | Promise<Outcome>);
    }
    if (end < batch.length) answerInSlices(batch, results, end);
  });
}
