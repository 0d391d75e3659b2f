import type { Subscription } from "../domain/subscription.ts";

export interface SubscriptionFilter {
  readonly planCode?: string;
}

/** Subscriptions, at most one a tenant, ordered by tenant id. */
export interface SubscriptionRepository {
  find(tenantId: string): Promise<Subscription | undefined>;
  /** Locks the subscription until the transaction ends, so that two changes of it do not take the same one for the earlier. */
  findForUpdate(tenantId: string): Promise<Subscription | undefined>;
  list(filter: SubscriptionFilter, afterTenantId: string | undefined, limit: number): Promise<Subscription[]>;
  /**
   * @throws PlanNotFoundError when the plan does not exist
   * @throws ConcurrentChangeError when the tenant has one
   */
  insert(subscription: Subscription): Promise<void>;
  /**
   * Creates or replaces; the creation time of an existing one is kept and returned.
   *
   * @throws PlanNotFoundError when the plan does not exist
   */
  put(subscription: Subscription): Promise<Subscription>;
  /** Deleting an absent one changes nothing. */
  delete(tenantId: string): Promise<void>;
}
