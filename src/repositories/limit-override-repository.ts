import type { LimitOverride } from "../domain/limit-override.ts";

export interface LimitOverrideFilter {
  readonly tenantId?: string;
}

export interface LimitOverridePosition {
  readonly tenantId: string;
  readonly metricCode: string;
}

/** Overrides, at most one for each tenant and metric, ordered by tenant id and metric code. Expired ones stay until removed. */
export interface LimitOverrideRepository {
  find(position: LimitOverridePosition): Promise<LimitOverride | undefined>;
  /** Locks the override until the transaction ends, so that two changes of it do not take the same one for the earlier. */
  findForUpdate(position: LimitOverridePosition): Promise<LimitOverride | undefined>;
  list(filter: LimitOverrideFilter, after: LimitOverridePosition | undefined, limit: number): Promise<LimitOverride[]>;
  /** @throws ConcurrentChangeError when the tenant has one for the metric */
  insert(override: LimitOverride): Promise<void>;
  /** Creates or replaces; the creation time of an existing one is kept and returned. */
  put(override: LimitOverride): Promise<LimitOverride>;
  /** Deleting an absent one changes nothing. */
  delete(position: LimitOverridePosition): Promise<void>;
}
