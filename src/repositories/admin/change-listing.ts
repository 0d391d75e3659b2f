import type { ControlChange, ControlObjectKind } from "../../domain/control-change.ts";
import type { EpochMilliseconds } from "../../domain/instant.ts";
import type { EventOrder } from "../usage-event-repository.ts";

export interface ChangeFilter {
  readonly objectKind?: ControlObjectKind;
  readonly objectId?: string;
  readonly tenantId?: string;
  readonly actorKeyId?: string;
  /** Inclusive. */
  readonly createdFrom?: EpochMilliseconds;
  /** Exclusive. */
  readonly createdBefore?: EpochMilliseconds;
  readonly order: EventOrder;
}

/** Changes of the control plane, in the order of their ids. */
export interface ChangeListing {
  /** Up to `limit` changes that follow `afterId` in the filter's order, in one snapshot. */
  list(filter: ChangeFilter, afterId: string | undefined, limit: number): Promise<readonly ControlChange[]>;
}
