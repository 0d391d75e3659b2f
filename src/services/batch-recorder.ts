import { type CounterKey, counterKeyText } from "../domain/counter-key.ts";
import { OverloadedError } from "../domain/errors/availability-errors.ts";
import { QuotaServiceError } from "../domain/errors/quota-service-error.ts";
import type { UsageAttempt } from "../domain/usage-attempt.ts";
import type { UsageUnitOfWork } from "../repositories/usage-unit-of-work.ts";
import { type Caller, callerHasGone } from "./batch-queue.ts";
import { LocksHeldError, RacesLostError, rerunAfterLostRace } from "./storage-failures.ts";
import type { UsageEventRecorder } from "./usage-event-recorder.ts";
import { noResult, type UsageResult } from "./usage-outcome.ts";

/**
 * How often a batch may be parted to find what is stuck in it: one counter among 512 is found by nine. What is stuck costs the
 * storage's patience each time, and the others must not wait for ever.
 */
const partingsMax = 16;

/** How often a batch may still be parted. */
interface Partings {
  left: number;
}

export interface CalledAttempt {
  readonly attempt: UsageAttempt;
  readonly caller: Caller | undefined;
}

/** Records a batch around whatever is stuck in it, so that one attempt's neighbours neither fail nor wait with it. */
export class BatchRecorder {
  readonly #recorder: Pick<UsageEventRecorder, "record">;
  readonly #unitOfWork: Pick<UsageUnitOfWork, "findBlocked">;

  constructor(recorder: Pick<UsageEventRecorder, "record">, unitOfWork: Pick<UsageUnitOfWork, "findBlocked">) {
    this.#recorder = recorder;
    this.#unitOfWork = unitOfWork;
  }

  /**
   * In one transaction where nobody is in the way. It waits for locks as long as the storage has patience: attempts on a counter
   * that another transaction holds for longer are held back, and the others are recorded without them. The results are in the
   * order of the attempts.
   *
   * @param batch nothing is done for a caller who has gone by the time a transaction with its attempt begins
   * @throws DatabaseUnavailableError nothing of the batch was written
   */
  async record(batch: readonly CalledAttempt[]): Promise<readonly UsageResult[]> {
    return await this.#record(batch, { left: partingsMax });
  }

  async #record(batch: readonly CalledAttempt[], partings: Partings): Promise<readonly UsageResult[]> {
    const present = batch.filter(({ caller }) => caller?.isGone !== true);
    if (present.length < batch.length) {
      return await this.#recordSome(batch, present, partings, () => ({ error: callerHasGone() }));
    }
    try {
      return await this.#recorder.record(batch.map(({ attempt }) => attempt));
    } catch (error) {
      if (error instanceof RacesLostError) return await this.#recordApart(batch, partings, { error });
      if (!(error instanceof LocksHeldError)) throw error;
      return await this.#recordUnblocked(batch, partings, error);
    }
  }

  /** Leaves out the counters that are seen to be held. */
  async #recordUnblocked(
    batch: readonly CalledAttempt[],
    partings: Partings,
    heldBack: LocksHeldError,
  ): Promise<readonly UsageResult[]> {
    const blocked = await this.#findBlocked(batch);
    if (blocked === "unknown") return batch.map(() => ({ heldBack }));
    if (blocked.size === 0) return await this.#recordApart(batch, partings, heldBy("what this call waits for"));
    const others = batch.filter(({ attempt }) => !blocked.has(counterKeyText(attempt)));
    return await this.#recordSome(batch, others, partings, ({ attempt }) =>
      heldBy(`the counter of ${attempt.metricCode}`),
    );
  }

  /** Unknown: somebody holds a whole table, or nobody can say in time. */
  async #findBlocked(batch: readonly CalledAttempt[]): Promise<ReadonlySet<string> | "unknown"> {
    try {
      const found = await rerunAfterLostRace(() => this.#unitOfWork.findBlocked(countersOf(batch)));
      return new Set(found.map(counterKeyText));
    } catch (error) {
      if (error instanceof LocksHeldError) return "unknown";
      throw error;
    }
  }

  async #recordSome(
    batch: readonly CalledAttempt[],
    some: readonly CalledAttempt[],
    partings: Partings,
    resultOfOther: (other: CalledAttempt) => UsageResult,
  ): Promise<readonly UsageResult[]> {
    const recorded = some.length === 0 ? [] : await this.#record(some, partings);
    const results = new Map(some.map((called, index) => [called, recorded[index] ?? noResult]));
    return batch.map((called) => results.get(called) ?? resultOfOther(called));
  }

  /**
   * Records one half, and then the other. Who waits for a record that another transaction has created and not yet committed, or for
   * a key that it has taken, waits for what nobody can see; it is found by leaving it out.
   *
   * @param otherwise what comes of what cannot be parted, or when the batch was parted too often
   */
  async #recordApart(
    batch: readonly CalledAttempt[],
    partings: Partings,
    otherwise: UsageResult,
  ): Promise<readonly UsageResult[]> {
    const half = halfOf(batch);
    if (half.size === 0 || partings.left === 0) return batch.map(() => otherwise);
    partings.left -= 1;
    const results = new Map<CalledAttempt, UsageResult>();
    for (const part of [batch.filter((called) => half.has(called)), batch.filter((called) => !half.has(called))]) {
      const recorded = await this.#recordPart(part, partings);
      for (const [index, called] of part.entries()) results.set(called, recorded[index] ?? noResult);
    }
    return batch.map((called) => results.get(called) ?? noResult);
  }

  /** Never throws: other parts of the batch may be written already, so that nobody may run all of it again. */
  async #recordPart(part: readonly CalledAttempt[], partings: Partings): Promise<readonly UsageResult[]> {
    try {
      return await this.#record(part, partings);
    } catch (error) {
      if (part.length === 1 || error instanceof QuotaServiceError) return part.map(() => ({ error }));
      const results: UsageResult[] = [];
      for (const called of part) results.push(...(await this.#recordPart([called], partings)));
      return results;
    }
  }
}

/**
 * Half of the counters, now these and now those, so that none is always among the last, for which no partings are left. Of a
 * single counter half of the attempts, if one of them has a key: without keys they all wait for the same. Empty: not to be parted.
 */
function halfOf(batch: readonly CalledAttempt[]): ReadonlySet<CalledAttempt> {
  const counters = countersOf(batch);
  if (counters.length > 1) {
    const middle = Math.floor(counters.length / 2);
    const half = Math.random() < 0.5 ? counters.slice(middle) : counters.slice(0, middle);
    const texts = new Set(half.map(counterKeyText));
    return new Set(batch.filter(({ attempt }) => texts.has(counterKeyText(attempt))));
  }
  const isKeyed = batch.some(({ attempt }) => attempt.idempotencyKey !== undefined);
  return new Set(isKeyed ? batch.slice(0, Math.floor(batch.length / 2)) : []);
}

function heldBy(what: string): UsageResult {
  return { heldBack: new OverloadedError(`another transaction holds ${what}`) };
}

/** Each counter once. */
function countersOf(batch: readonly CalledAttempt[]): CounterKey[] {
  return [...new Map(batch.map(({ attempt }) => [counterKeyText(attempt), attempt])).values()];
}
