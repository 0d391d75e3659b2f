import type { LimitOverrideTerms } from "./limit-override.ts";
import type { QuotaLimit } from "./quota-limit.ts";
import type { SubscriptionTerms } from "./subscription.ts";

/** A plan as far as a decision needs it: its limits may be cut down to the metrics asked for. */
export interface PlanLimits {
  readonly code: string;
  readonly limits: ReadonlyMap<string, QuotaLimit>;
}

/** What limits are decided from, read in one snapshot. */
export interface LimitBasis {
  /** By tenant id. */
  readonly subscriptions: ReadonlyMap<string, SubscriptionTerms>;
  /** By tenant id and metric code; expired ones may be among them. */
  readonly overrides: ReadonlyMap<string, ReadonlyMap<string, LimitOverrideTerms>>;
  /** By code: the requested, the subscribed and the default plan, as far as they exist. */
  readonly plans: ReadonlyMap<string, PlanLimits>;
  readonly defaultPlanCode?: string;
}

/** Overrides as a basis holds them. */
export function overridesByTenant(
  overrides: Iterable<LimitOverrideTerms>,
): Map<string, ReadonlyMap<string, LimitOverrideTerms>> {
  const byTenant = new Map<string, Map<string, LimitOverrideTerms>>();
  for (const override of overrides) {
    const ofTenant = byTenant.get(override.tenantId);
    if (ofTenant === undefined) byTenant.set(override.tenantId, new Map([[override.metricCode, override]]));
    else ofTenant.set(override.metricCode, override);
  }
  return byTenant;
}
