import { OutcomeUnknownError } from "../domain/errors/availability-errors.ts";
import type { UsageAttempt } from "../domain/usage-attempt.ts";
import type { UsageEvent } from "../domain/usage-event.ts";
import { CommitOutcomeUnknownError } from "../repositories/storage-errors.ts";
import type { EventFilter, UsageEventRepository } from "../repositories/usage-event-repository.ts";
import type { UsageLedger, UsageUnitOfWork } from "../repositories/usage-unit-of-work.ts";
import { type KeyedAttempt, keyedAttempt, questionOf } from "./keyed-attempt.ts";
import { rerunAfterLostRace } from "./storage-failures.ts";
import { type DecisionMeans, UsageBatch } from "./usage-batch.ts";
import type { UsageOutcome } from "./usage-outcome.ts";

/** Turns attempts into events, and reads events back. */
export class UsageEventRecorder {
  readonly #unitOfWork: UsageUnitOfWork;
  readonly #events: UsageEventRepository;
  readonly #means: DecisionMeans;

  constructor(unitOfWork: UsageUnitOfWork, events: UsageEventRepository, means: DecisionMeans) {
    this.#unitOfWork = unitOfWork;
    this.#events = events;
    this.#means = means;
  }

  /**
   * Decides and stores a batch in one transaction; attempts of several tenants may stand in it. The outcomes are in the
   * order of the attempts, and what is answered as recorded is durable.
   *
   * @throws LocksHeldError, RacesLostError, DatabaseUnavailableError: nothing of the batch was written
   */
  async record(attempts: readonly UsageAttempt[]): Promise<readonly UsageOutcome[]> {
    const tenantIds = [...new Set(attempts.map((attempt) => attempt.tenantId))];
    const keyed = attempts.map(keyedAttempt);
    try {
      return await rerunAfterLostRace(() =>
        this.#unitOfWork.run(tenantIds, (ledger) => this.#decide(ledger, keyed, tenantIds)),
      );
    } catch (error) {
      if (!(error instanceof CommitOutcomeUnknownError)) throw error;
      return attempts.map((attempt) => ({
        error: new OutcomeUnknownError(attempt.idempotencyKey !== undefined, error),
      }));
    }
  }

  /** @throws DatabaseUnavailableError */
  async getEventsForMetric(filter: EventFilter, afterId: string | undefined, limit: number): Promise<UsageEvent[]> {
    return await rerunAfterLostRace(() => this.#events.list(filter, afterId, limit));
  }

  async #decide(
    ledger: UsageLedger,
    keyed: readonly KeyedAttempt[],
    tenantIds: readonly string[],
  ): Promise<UsageOutcome[]> {
    const question = questionOf(keyed, tenantIds);
    // Sent together: the ledger runs the second after the first, however late this process hears of it.
    const [locked, basis] = await Promise.all([
      ledger.lockOpenRecords(question.counters),
      ledger.readDecisionBasis(question),
    ]);
    const batch = new UsageBatch(keyed, locked, basis, this.#means);
    const lines = batch.linesWithoutOpenRecord();
    if (lines.length > 0) batch.addPredecessors(await ledger.readPredecessors(lines, locked.now));
    const outcomes = batch.decide();
    assertEachIsItsOwn(keyed, outcomes);
    await ledger.write(batch.changes());
    return outcomes;
  }
}

/** Batches mix tenants: should a defect ever hand out a neighbour's event, nothing is written (promise 5). */
function assertEachIsItsOwn(keyed: readonly KeyedAttempt[], outcomes: readonly UsageOutcome[]): void {
  for (const [index, { attempt }] of keyed.entries()) {
    const event = outcomes[index]?.receipt?.event;
    if (event !== undefined && (event.tenantId !== attempt.tenantId || event.metricCode !== attempt.metricCode)) {
      throw new Error("a batch answered an attempt with the event of another tenant or metric");
    }
  }
}
