import type { QuotaServiceError } from "../domain/errors/quota-service-error.ts";
import type { QuotaStatus } from "../domain/quota-status.ts";
import type { UsageEvent } from "../domain/usage-event.ts";

/** What became of one attempt that did not fail. */
export interface UsageReceipt {
  readonly event: UsageEvent;
  /** Right after the event. */
  readonly status: QuotaStatus;
  readonly overLimit: boolean;
  /** True when the event had been recorded by an earlier call with the same key. */
  readonly replayed: boolean;
}

/** One attempt's own outcome within a batch; a neighbour's failure is never in it. */
export type UsageOutcome =
  | { readonly receipt: UsageReceipt; readonly error?: undefined }
  | { readonly receipt?: undefined; readonly error: unknown };

/** Nothing was done about an attempt, because another transaction is in its way: its turn comes when that has ended. */
export interface HeldBack {
  /** What to tell its caller once it has waited for too long. */
  readonly heldBack: QuotaServiceError;
}

export type UsageResult = UsageOutcome | HeldBack;

/** For an attempt about which nothing was said: it may be recorded, so it must not be tried again. */
export const noResult: UsageOutcome = { error: new Error("an attempt has no result") };

export function isHeldBack(result: UsageResult): result is HeldBack {
  return "heldBack" in result;
}
