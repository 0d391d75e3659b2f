import type { EpochMilliseconds } from "../domain/instant.ts";
import type { UsageEvent } from "../domain/usage-event.ts";

export type EventOrder = "NEWEST_FIRST" | "OLDEST_FIRST";

export interface EventFilter {
  readonly tenantId: string;
  readonly metricCode?: string;
  /** Inclusive. */
  readonly createdFrom?: EpochMilliseconds;
  /** Exclusive. */
  readonly createdBefore?: EpochMilliseconds;
  readonly order: EventOrder;
}

/** Events, in the order of their ids (R15). */
export interface UsageEventRepository {
  /**
   * Up to `limit` events that follow `afterId` in the filter's order. Every event committed before the call is found;
   * within one metric no event can later appear before one that was found.
   */
  list(filter: EventFilter, afterId: string | undefined, limit: number): Promise<UsageEvent[]>;
}
