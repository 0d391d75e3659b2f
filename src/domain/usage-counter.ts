import { counterMax } from "./bounds.ts";
import type { EffectiveLimit, LimitQuestion } from "./effective-limit.ts";
import { CounterOverflowError } from "./errors/counter-overflow-error.ts";
import { QuotaExceededError } from "./errors/quota-exceeded-error.ts";
import type { EpochMilliseconds } from "./instant.ts";
import { statusOf } from "./quota-status.ts";

export interface CounterState {
  readonly currentUsage: bigint;
  readonly periodStart: EpochMilliseconds;
  readonly periodEnd: EpochMilliseconds;
}

/** R1: reaching the limit exactly does not exceed it. */
export function wouldExceed(limit: bigint | null, current: bigint, amount: bigint): boolean {
  return limit !== null && current + amount > limit;
}

/**
 * The counter after the amount.
 *
 * @throws QuotaExceededError when a HARD limit refuses (R2)
 * @throws CounterOverflowError when an admitted amount would pass the largest counter
 */
export function admit(
  state: CounterState,
  effective: EffectiveLimit,
  question: LimitQuestion & { readonly amount: bigint },
  now: EpochMilliseconds,
): bigint {
  const { currentUsage: current } = state;
  const { limit } = effective;
  if (limit !== null && effective.enforcement === "HARD" && wouldExceed(limit, current, question.amount)) {
    const period = { start: state.periodStart, end: state.periodEnd };
    const status = { ...statusOf(effective, current, period), limit };
    throw new QuotaExceededError(question.tenantId, status, question.amount, now);
  }
  assertCountable(question.metricCode, current, question.amount);
  return current + question.amount;
}

/** @throws CounterOverflowError when the counter could not hold the sum */
export function assertCountable(metricCode: string, current: bigint, amount: bigint): void {
  if (current + amount > counterMax) throw new CounterOverflowError(metricCode, current, amount);
}
