import type { UsageEvent } from "../../domain/usage-event.ts";
import type { EventFilter } from "../usage-event-repository.ts";

/** As for one tenant's events, but without a tenant all tenants'. */
export type TenantsEventFilter = Omit<EventFilter, "tenantId"> & { readonly tenantId?: string };

/** The place of an event among those of all tenants: two tenants' events might have one id. */
export interface EventPosition {
  readonly id: string;
  readonly tenantId: string;
}

/** Events of all tenants, in the order of their ids and then of their tenants'. */
export interface TenantsEventListing {
  /** Up to `limit` events that follow the position in the filter's order, in one snapshot. */
  list(filter: TenantsEventFilter, after: EventPosition | undefined, limit: number): Promise<readonly UsageEvent[]>;
}
