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
 * How often part of a batch may be tried again because something in it is stuck: one counter among 512 is found by nine. What is
 * stuck costs the storage's patience each time, and the others must not wait for ever.
 */
const triesAgainMax = 16;

export interface CalledAttempt {
  readonly attempt: UsageAttempt;
  readonly caller: Caller | undefined;
}

/** What came of one transaction: results, and what to try again without what is stuck. */
interface Trial {
  readonly results: readonly (readonly [CalledAttempt, UsageResult])[];
  readonly parts: readonly (readonly CalledAttempt[])[];
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
    const results = new Map<CalledAttempt, UsageResult>();
    // The largest first: where several are stuck, each is looked for as far as the others.
    const parts: (readonly CalledAttempt[])[] = [batch];
    let triesAgainLeft = triesAgainMax;
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const isWhole = part === batch;
      const trial = isWhole ? await this.#try(part, true) : await this.#trySafely(part, triesAgainLeft > 0);
      for (const [called, result] of trial.results) results.set(called, result);
      parts.push(...trial.parts);
      if (trial.parts.length > 0) triesAgainLeft -= 1;
    }
    return batch.map((called) => results.get(called) ?? noResult);
  }

  /** Never throws: other parts of the batch may be written already, so that nobody may run all of it again. */
  async #trySafely(part: readonly CalledAttempt[], mayTryAgain: boolean): Promise<Trial> {
    try {
      return await this.#try(part, mayTryAgain);
    } catch (error) {
      if (part.length === 1 || error instanceof QuotaServiceError) return all(part, { error });
      return { results: [], parts: part.map((called) => [called]) };
    }
  }

  async #try(part: readonly CalledAttempt[], mayTryAgain: boolean): Promise<Trial> {
    const present = part.filter(({ caller }) => caller?.isGone !== true);
    const gone = all(
      part.filter(({ caller }) => caller?.isGone === true),
      { error: callerHasGone() },
    );
    if (present.length === 0) return gone;
    const trial = await this.#tryPresent(present, mayTryAgain);
    return { ...trial, results: [...gone.results, ...trial.results] };
  }

  async #tryPresent(part: readonly CalledAttempt[], mayTryAgain: boolean): Promise<Trial> {
    try {
      const recorded = await this.#recorder.record(part.map(({ attempt }) => attempt));
      return { results: part.map((called, index) => [called, recorded[index] ?? noResult]), parts: [] };
    } catch (error) {
      if (error instanceof RacesLostError) return apart(part, mayTryAgain, { error });
      if (!(error instanceof LocksHeldError)) throw error;
      return await this.#withoutBlocked(part, mayTryAgain, error);
    }
  }

  /** Leaves out the counters that are seen to be held. */
  async #withoutBlocked(
    part: readonly CalledAttempt[],
    mayTryAgain: boolean,
    heldBack: LocksHeldError,
  ): Promise<Trial> {
    const blocked = await this.#findBlocked(part);
    if (blocked === "unknown") return all(part, { heldBack });
    if (blocked.size === 0) return apart(part, mayTryAgain, stuck());
    const isBlocked = ({ attempt }: CalledAttempt) => blocked.has(counterKeyText(attempt));
    const others = part.filter((called) => !isBlocked(called));
    const held = part
      .filter(isBlocked)
      .map((called) => [called, heldBy(`the counter of ${called.attempt.metricCode}`)] as const);
    if (others.length === 0) return { results: held, parts: [] };
    if (!mayTryAgain) return { results: [...held, ...all(others, stuck()).results], parts: [] };
    return { results: held, parts: [others] };
  }

  /** Unknown: somebody holds a whole table, or nobody can say in time. */
  async #findBlocked(part: readonly CalledAttempt[]): Promise<ReadonlySet<string> | "unknown"> {
    try {
      const found = await rerunAfterLostRace(() => this.#unitOfWork.findBlocked(countersOf(part)));
      return new Set(found.map(counterKeyText));
    } catch (error) {
      if (error instanceof LocksHeldError) return "unknown";
      throw error;
    }
  }
}

function all(part: readonly CalledAttempt[], result: UsageResult): Trial {
  return { results: part.map((called) => [called, result]), parts: [] };
}

/**
 * One half, and the other. Who waits for a record that another transaction has created and not yet committed, or for a key that it
 * has taken, waits for what nobody can see; it is found by leaving it out.
 *
 * @param otherwise what comes of what cannot be parted, or may not be
 */
function apart(part: readonly CalledAttempt[], mayTryAgain: boolean, otherwise: UsageResult): Trial {
  const half = halfOf(part);
  if (half.size === 0 || !mayTryAgain) return all(part, otherwise);
  return {
    results: [],
    parts: [part.filter((called) => half.has(called)), part.filter((called) => !half.has(called))],
  };
}

/**
 * Half of the counters, now these and now those, so that none is always with what is stuck when no tries are left. Of a
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

const stuck = () => heldBy("what this call waits for");

/** Each counter once. */
function countersOf(batch: readonly CalledAttempt[]): CounterKey[] {
  return [...new Map(batch.map(({ attempt }) => [counterKeyText(attempt), attempt])).values()];
}
