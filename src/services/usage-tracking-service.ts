import type { UsageAttempt } from "../domain/usage-attempt.ts";
import { BatchQueue, type BatchQueueBounds, type Caller } from "./batch-queue.ts";
import type { OverLimitWarnings } from "./over-limit-warnings.ts";
import type { UsageEventRecorder } from "./usage-event-recorder.ts";
import type { UsageOutcome, UsageReceipt } from "./usage-outcome.ts";

/** What a waiting attempt occupies besides its metadata, roughly. */
const attemptBytes = 512;

/** Records what tenants use. Concurrent calls share transactions. */
export class UsageTrackingService {
  readonly #queue: BatchQueue<UsageAttempt, UsageOutcome>;
  readonly #warnings: OverLimitWarnings;

  constructor(recorder: UsageEventRecorder, warnings: OverLimitWarnings, bounds: BatchQueueBounds) {
    this.#queue = new BatchQueue((attempts) => recorder.record(attempts), bounds);
    this.#warnings = warnings;
  }

  /**
   * Records the usage durably, or says why not.
   *
   * @param caller when it has gone before the attempt's batch begins, nothing is done
   * @throws QuotaExceededError when a HARD limit refuses (R2); only the refusal is counted
   * @throws NoPlanError, PlanNotFoundError, MetricNotInPlanError when no limit holds (R3)
   * @throws IdempotencyKeyReusedError when the key stands for other content (R13)
   * @throws CounterOverflowError
   * @throws OutcomeUnknownError (R14), DatabaseUnavailableError, OverloadedError
   */
  async recordUsage(attempt: UsageAttempt, caller?: Caller): Promise<UsageReceipt> {
    const outcome = await this.#queue.submit(attempt, attemptBytes + attempt.metadata.length, caller);
    if (outcome.receipt === undefined) throw outcome.error;
    if (!outcome.receipt.replayed) this.#warnings.recorded(outcome.receipt.event);
    return outcome.receipt;
  }
}
