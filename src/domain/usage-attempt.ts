import type { UsageEvent } from "./usage-event.ts";

/** A validated wish to record usage. */
export interface UsageAttempt {
  readonly tenantId: string;
  readonly metricCode: string;
  readonly amount: bigint;
  /** Canonical JSON of an object. */
  readonly metadata: string;
  readonly idempotencyKey?: string;
  readonly planCode?: string;
}

/** Whether the event answers this attempt: the content that an idempotency key stands for (R13). */
export function hasContentOf(event: UsageEvent, attempt: UsageAttempt): boolean {
  return (
    event.metricCode === attempt.metricCode &&
    event.amount === attempt.amount &&
    event.metadata === attempt.metadata &&
    event.requestedPlanCode === attempt.planCode
  );
}
