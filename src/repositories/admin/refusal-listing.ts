import type { EpochMilliseconds } from "../../domain/instant.ts";
import type { UsageRefusal } from "../../domain/usage-refusal.ts";

export interface RefusalFilter {
  readonly tenantId?: string;
  readonly metricCode?: string;
  /** Inclusive. */
  readonly hourFrom?: EpochMilliseconds;
  /** Exclusive. */
  readonly hourBefore?: EpochMilliseconds;
}

export type RefusalPosition = Pick<UsageRefusal, "hour" | "tenantId" | "metricCode">;

/** Refusals of all tenants, the latest hour first and then by tenant id and metric code. */
export interface RefusalListing {
  /** Up to `limit` refusals that follow the position, in one snapshot. */
  list(filter: RefusalFilter, after: RefusalPosition | undefined, limit: number): Promise<readonly UsageRefusal[]>;
}
