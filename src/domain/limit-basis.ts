import type { LimitOverrideTerms } from "./limit-override.ts";
import type { QuotaLimit } from "./quota-limit.ts";
import type { SubscriptionDefinition } from "./subscription.ts";

/** A plan as far as a decision needs it: its limits may be cut down to the metrics asked for. */
export interface PlanLimits {
  readonly code: string;
  readonly limits: ReadonlyMap<string, QuotaLimit>;
}

/** What limits are decided from, read in one snapshot. */
export interface LimitBasis {
  /** By tenant id. */
  readonly subscriptions: ReadonlyMap<string, SubscriptionDefinition>;
  /** By `counterKeyText`; expired ones may be among them. */
  readonly overrides: ReadonlyMap<string, LimitOverrideTerms>;
  /** By code: the requested, the subscribed and the default plan, as far as they exist. */
  readonly plans: ReadonlyMap<string, PlanLimits>;
  readonly defaultPlanCode?: string;
}
