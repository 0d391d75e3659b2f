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
