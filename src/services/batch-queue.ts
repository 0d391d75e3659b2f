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
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  isGone: boolean;
}

/** The caller was gone before its item was taken into a batch: nothing was done. */
export class CallerGoneError extends Error {
  override readonly name = "CallerGoneError";
}

/**
 * Runs what arrives while a batch is in flight together in the next one. There is no timer before a batch: a lonely item
 * starts at once, and a crowd pays for one transaction (group commit).
 *
 * Items do not disturb each other: each has its own outcome, an item whose caller is gone is dropped before its batch, and a
 * batch that fails for a reason of no known kind is run again item by item, so that only the culprit fails.
 */
export class BatchQueue<Item, Outcome> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Outcome[]>;
  readonly #bounds: BatchQueueBounds;
  #waiting: Waiting<Item, Outcome>[] = [];
  #waitingItems = 0;
  #waitingBytes = 0;
  #isRunning = false;
  #expiry: NodeJS.Timeout | undefined;

  /** @param run answers each item at its place; what it throws holds for the whole batch, of which nothing was done */
  constructor(run: (items: readonly Item[]) => Promise<readonly Outcome[]>, bounds: BatchQueueBounds) {
    this.#run = run;
    this.#bounds = bounds;
  }

  /**
   * @param bytes what the item occupies while it waits
   * @param signal aborted when nobody waits for the outcome any more; without effect once the batch has begun
   * @throws OverloadedError when too much waits already, or the wait was too long; nothing was done
   * @throws CallerGoneError when the signal was aborted before the batch began; nothing was done
   */
  async submit(item: Item, bytes: number, signal?: AbortSignal): Promise<Outcome> {
    if (signal?.aborted === true) throw new CallerGoneError();
    const { queueItemsMax, queueBytesMax } = this.#bounds;
    if (this.#waitingItems >= queueItemsMax) throw new OverloadedError(`${this.#waitingItems} calls wait already`);
    if (this.#waitingBytes + bytes > queueBytesMax) {
      throw new OverloadedError(`calls of ${this.#waitingBytes} bytes wait already`);
    }
    return await new Promise<Outcome>((resolve, reject) => {
      this.#enqueue({ item, bytes, since: performance.now(), resolve, reject, isGone: false }, signal);
      this.#start();
    });
  }

  #enqueue(waiting: Waiting<Item, Outcome>, signal: AbortSignal | undefined): void {
    this.#waiting.push(waiting);
    this.#waitingItems += 1;
    this.#waitingBytes += waiting.bytes;
    this.#expiry ??= this.#expireLater(this.#bounds.waitMaxMs);
    signal?.addEventListener("abort", () => this.#drop(waiting, new CallerGoneError()), { once: true });
  }

  /** Takes the item out of the count at once, and out of the queue when its turn comes. */
  #drop(waiting: Waiting<Item, Outcome>, reason: unknown): void {
    if (waiting.isGone) return;
    this.#leave(waiting);
    waiting.reject(reason);
  }

  #leave(waiting: Waiting<Item, Outcome>): void {
    waiting.isGone = true;
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
      if (waiting.isGone) continue;
      this.#leave(waiting);
      batch.push(waiting);
    }
    this.#waiting = this.#waiting.slice(passed);
    return batch;
  }

  async #runBatch(batch: readonly Waiting<Item, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.#run(batch.map((waiting) => waiting.item));
      for (const [index, waiting] of batch.entries()) waiting.resolve(outcomes[index] as Outcome);
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
      if (now - waiting.since < waitMaxMs) break;
      this.#drop(waiting, new OverloadedError(`no batch began within ${waitMaxMs} ms`));
    }
    const next = this.#waiting.find((waiting) => !waiting.isGone);
    this.#expiry = next === undefined ? undefined : this.#expireLater(next.since + waitMaxMs - now);
  }
}
