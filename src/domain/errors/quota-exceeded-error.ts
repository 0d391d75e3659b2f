import type { EpochMilliseconds } from "../instant.ts";
import type { QuotaStatus } from "../quota-status.ts";
import { QuotaServiceError } from "./quota-service-error.ts";

/** A HARD limit refused the amount. Carries everything a caller needs to explain or to wait. */
export class QuotaExceededError extends QuotaServiceError {
  readonly reason = "QUOTA_EXCEEDED";
  readonly tenantId: string;
  readonly status: QuotaStatus & { readonly limit: bigint };
  readonly requested: bigint;
  readonly refusedAt: EpochMilliseconds;

  constructor(
    tenantId: string,
    status: QuotaStatus & { readonly limit: bigint },
    requested: bigint,
    refusedAt: EpochMilliseconds,
  ) {
    super(
      `${status.metricCode}: ${requested} more would exceed the limit of ${status.limit}; ${status.current} used in this period`,
    );
    this.tenantId = tenantId;
    this.status = status;
    this.requested = requested;
    this.refusedAt = refusedAt;
  }

  /** limit - current, not counting the refused amount; negative when the limit was lowered below the usage. */
  get remaining(): bigint {
    return this.status.limit - this.status.current;
  }

  /** Whether the same amount could be admitted once the next period begins. */
  get canSucceedNextPeriod(): boolean {
    return this.requested <= this.status.limit && this.status.periodKind !== "LIFETIME";
  }
}
