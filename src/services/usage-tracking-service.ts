import type { UsageAttempt } from "../domain/usage-attempt.ts";
import type { OverLimitWarnings } from "./over-limit-warnings.ts";
import type { UsageEventRecorder } from "./usage-event-recorder.ts";
import type { UsageReceipt } from "./usage-outcome.ts";

/** Records what tenants use. */
export class UsageTrackingService {
  readonly #recorder: UsageEventRecorder;
  readonly #warnings: OverLimitWarnings;

  constructor(recorder: UsageEventRecorder, warnings: OverLimitWarnings) {
    this.#recorder = recorder;
    this.#warnings = warnings;
  }

  /**
   * Records the usage durably, or says why not.
   *
   * @throws QuotaExceededError when a HARD limit refuses (R2); only the refusal is counted
   * @throws NoPlanError, PlanNotFoundError, MetricNotInPlanError when no limit holds (R3)
   * @throws IdempotencyKeyReusedError when the key stands for other content (R13)
   * @throws CounterOverflowError
   * @throws OutcomeUnknownError (R14), DatabaseUnavailableError, OverloadedError
   */
  async recordUsage(attempt: UsageAttempt): Promise<UsageReceipt> {
    const [outcome] = await this.#recorder.record([attempt]);
    if (outcome?.receipt === undefined) throw outcome?.error;
    if (!outcome.receipt.replayed) this.#warnings.recorded(outcome.receipt.event);
    return outcome.receipt;
  }
}
