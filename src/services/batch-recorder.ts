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
 * How often a batch may be parted, or go on without what is seen to be held: one counter among 512 is found by nine. What is stuck
 * costs the storage's patience each time, and the others must not wait for ever.
 */
const partingsMax = 16;

export interface CalledAttempt {
  readonly attempt: UsageAttempt;
  readonly caller: Caller | undefined;
}

type Part = readonly CalledAttempt[];

/** What came of one transaction. */
interface Trial {
  readonly done: Part;
  /** Of what is done, in its order. */
  readonly results: readonly UsageResult[];
  /** To be tried next, in this order: attempts on one counter do not overtake each other. */
  readonly next: readonly Part[];
  /** To be tried behind all others, so that of several that are stuck each is looked for as far as the others. */
  readonly later: readonly Part[];
  /** Whether something is stuck in what is to be tried. */
  readonly isParted: boolean;
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
    let parts: Part[] = [batch];
    let partingsLeft = partingsMax;
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const mayPart = partingsLeft > 0;
      const trial = part === batch ? await this.#try(part, mayPart) : await this.#trySafely(part, mayPart);
      // Where nothing is in the way, which is nearly always.
      if (trial.done === batch) return trial.results;
      for (const [index, called] of trial.done.entries()) results.set(called, trial.results[index] ?? noResult);
      parts = [...trial.next, ...parts, ...trial.later];
      if (trial.isParted) partingsLeft -= 1;
    }
    return batch.map((called) => results.get(called) ?? noResult);
  }

  /** Never throws: other parts of the batch may be written already, so that nobody may run all of it again. */
  async #trySafely(part: Part, mayPart: boolean): Promise<Trial> {
    try {
      return await this.#try(part, mayPart);
    } catch (error) {
      if (part.length === 1 || error instanceof QuotaServiceError) return all(part, { error });
      return { ...nothing, next: part.map((called) => [called]) };
    }
  }

  async #try(part: Part, mayPart: boolean): Promise<Trial> {
    const gone = part.filter(({ caller }) => caller?.isGone === true);
    if (gone.length === 0) return await this.#tryPresent(part, mayPart);
    const present = part.filter(({ caller }) => caller?.isGone !== true);
    const trial = present.length === 0 ? nothing : await this.#tryPresent(present, mayPart);
    const dropped = all(gone, { error: callerHasGone() });
    return { ...trial, done: [...dropped.done, ...trial.done], results: [...dropped.results, ...trial.results] };
  }

  async #tryPresent(part: Part, mayPart: boolean): Promise<Trial> {
    try {
      return { ...nothing, done: part, results: await this.#recorder.record(part.map(({ attempt }) => attempt)) };
    } catch (error) {
      if (error instanceof RacesLostError) return apart(part, mayPart, { error });
      if (!(error instanceof LocksHeldError)) throw error;
      return await this.#withoutBlocked(part, mayPart, error);
    }
  }

  /** Leaves out the counters that are seen to be held. */
  async #withoutBlocked(part: Part, mayPart: boolean, heldBack: LocksHeldError): Promise<Trial> {
    const blocked = await this.#findBlocked(part);
    if (blocked === "unknown") return all(part, { heldBack });
    if (blocked.size === 0) return apart(part, mayPart, stuck());
    const isBlocked = ({ attempt }: CalledAttempt) => blocked.has(counterKeyText(attempt));
    const others = part.filter((called) => !isBlocked(called));
    const done = part.filter(isBlocked);
    const held = done.map(({ attempt }) => heldBy(`the counter of ${attempt.metricCode}`));
    if (others.length === 0) return { ...nothing, done, results: held };
    if (mayPart) return { ...nothing, done, results: held, next: [others], isParted: true };
    return { ...nothing, done: [...done, ...others], results: [...held, ...others.map(stuck)] };
  }

  /** Unknown: somebody holds a whole table, or nobody can say in time. */
  async #findBlocked(part: Part): Promise<ReadonlySet<string> | "unknown"> {
    try {
      const found = await rerunAfterLostRace(() => this.#unitOfWork.findBlocked(countersOf(part)));
      return new Set(found.map(counterKeyText));
    } catch (error) {
      if (error instanceof LocksHeldError) return "unknown";
      throw error;
    }
  }
}

const nothing: Trial = { done: [], results: [], next: [], later: [], isParted: false };

function all(part: Part, result: UsageResult): Trial {
  return { ...nothing, done: part, results: part.map(() => result) };
}

/**
 * One half, and the other. Who waits for a record that another transaction has created and not yet committed, or for a key that it
 * has taken, waits for what nobody can see; it is found by leaving it out.
 *
 * @param otherwise what comes of what cannot be parted, or may not be
 */
function apart(part: Part, mayPart: boolean, otherwise: UsageResult): Trial {
  const half = halfOf(part);
  if (half.size === 0 || !mayPart) return all(part, otherwise);
  const halves = [part.filter((called) => half.has(called)), part.filter((called) => !half.has(called))];
  const order = countersOf(part).length === 1 ? { next: halves } : { later: halves };
  return { ...nothing, ...order, isParted: true };
}

/**
 * Half of the counters, now these and now those, so that none is always with what is stuck when no partings are left. Of a
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
