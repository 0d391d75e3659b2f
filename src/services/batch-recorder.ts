import { type CounterKey, counterKeyText } from "../domain/counter-key.ts";
import { DatabaseUnavailableError, OverloadedError } from "../domain/errors/availability-errors.ts";
import { QuotaServiceError } from "../domain/errors/quota-service-error.ts";
import type { UsageAttempt } from "../domain/usage-attempt.ts";
import { StorageBusyError } from "../repositories/storage-errors.ts";
import type { UsageUnitOfWork } from "../repositories/usage-unit-of-work.ts";
import { RacesLostError, rerunAfterLostRace } from "./storage-failures.ts";
import type { UsageEventRecorder } from "./usage-event-recorder.ts";
import type { UsageResult } from "./usage-outcome.ts";

/**
 * How often a batch may be parted to find what is stuck in it: one counter among 512 is found by nine. What is stuck costs the
 * storage's patience each time, and the others must not wait for ever.
 */
const partingsMax = 16;

/** How often a batch may still be parted. */
interface Partings {
  left: number;
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
   * @throws DatabaseUnavailableError nothing of the batch was written
   */
  async record(attempts: readonly UsageAttempt[]): Promise<readonly UsageResult[]> {
    return await this.#record(attempts, { left: partingsMax });
  }

  async #record(attempts: readonly UsageAttempt[], partings: Partings): Promise<readonly UsageResult[]> {
    try {
      return await this.#recorder.record(attempts);
    } catch (error) {
      if (error instanceof RacesLostError) return await this.#recordApart(attempts, partings, { error });
      if (!isBusy(error)) throw error;
      return await this.#recordUnblocked(attempts, partings, error);
    }
  }

  /** Leaves out the counters that are seen to be held. */
  async #recordUnblocked(
    attempts: readonly UsageAttempt[],
    partings: Partings,
    busy: DatabaseUnavailableError,
  ): Promise<readonly UsageResult[]> {
    const blocked = await this.#findBlocked(attempts);
    if (blocked === "unknown") return attempts.map(() => ({ heldBack: busy }));
    if (blocked.size === 0) return await this.#recordApart(attempts, partings, { heldBack: busy });
    const isBlocked = (attempt: UsageAttempt) => blocked.has(counterKeyText(attempt));
    const others = attempts.filter((attempt) => !isBlocked(attempt));
    const recorded = others.length === 0 ? [] : [...(await this.#record(others, partings))];
    return attempts.map((attempt) => (isBlocked(attempt) ? undefined : recorded.shift()) ?? heldBack(attempt));
  }

  /** Unknown: somebody holds the whole table. */
  async #findBlocked(attempts: readonly UsageAttempt[]): Promise<ReadonlySet<string> | "unknown"> {
    try {
      const found = await rerunAfterLostRace(() => this.#unitOfWork.findBlocked(countersOf(attempts)));
      return new Set(found.map(counterKeyText));
    } catch (error) {
      if (isBusy(error)) return "unknown";
      throw error;
    }
  }

  /**
   * Records one half of the counters, and then the other. Who waits for a record that another transaction has created and not yet
   * committed, or for a key that it has taken, waits for what nobody can see; it is found by leaving it out.
   *
   * @param remainder what comes of attempts on a single counter, or when the batch was parted too often
   */
  async #recordApart(
    attempts: readonly UsageAttempt[],
    partings: Partings,
    remainder: UsageResult,
  ): Promise<readonly UsageResult[]> {
    const counters = countersOf(attempts);
    if (counters.length === 1 || partings.left === 0) return attempts.map(() => remainder);
    partings.left -= 1;
    const half = new Set(counters.slice(0, counters.length / 2).map(counterKeyText));
    const isFirst = (attempt: UsageAttempt) => half.has(counterKeyText(attempt));
    const first = [...(await this.#recordPart(attempts.filter(isFirst), partings))];
    const second = [
      ...(await this.#recordPart(
        attempts.filter((attempt) => !isFirst(attempt)),
        partings,
      )),
    ];
    return attempts.map((attempt) => (isFirst(attempt) ? first : second).shift() ?? remainder);
  }

  /** Never throws: other parts of the batch may be written already, so that nobody may run all of it again. */
  async #recordPart(attempts: readonly UsageAttempt[], partings: Partings): Promise<readonly UsageResult[]> {
    try {
      return await this.#record(attempts, partings);
    } catch (error) {
      if (attempts.length === 1 || error instanceof QuotaServiceError) return attempts.map(() => ({ error }));
      const results: UsageResult[] = [];
      for (const attempt of attempts) results.push(...(await this.#recordPart([attempt], partings)));
      return results;
    }
  }
}

function isBusy(error: unknown): error is DatabaseUnavailableError {
  return error instanceof DatabaseUnavailableError && error.cause instanceof StorageBusyError;
}

function heldBack({ metricCode }: UsageAttempt): UsageResult {
  return { heldBack: new OverloadedError(`another transaction holds the counter of ${metricCode}`) };
}

/** Each counter once. */
function countersOf(attempts: readonly UsageAttempt[]): CounterKey[] {
  return [...new Map(attempts.map((attempt) => [counterKeyText(attempt), attempt])).values()];
}
