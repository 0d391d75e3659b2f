import type { UsageAttempt } from "../domain/usage-attempt.ts";
import type { Caller } from "./batch-queue.ts";
import type { OverLimitWarnings } from "./over-limit-warnings.ts";
import type { UsageLanes } from "./usage-lanes.ts";
import type { UsageReceipt } from "./usage-outcome.ts";

/** Records what tenants use. Concurrent calls share transactions. */
export class UsageTrackingService {
  readonly #lanes: UsageLanes;
  readonly #warnings: OverLimitWarnings;

  constructor(lanes: UsageLanes, warnings: OverLimitWarnings) {
    this.#lanes = lanes;
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
    const outcome = await this.#lanes.submit(attempt, caller);
    if (outcome.receipt === undefined) throw outcome.error;
    if (!outcome.receipt.replayed) this.#warnings.recorded(outcome.receipt.event);
    return outcome.receipt;
  }
}
