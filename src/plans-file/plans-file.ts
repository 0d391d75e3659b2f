import type { PlanDefinition } from "../domain/plan.ts";
import type { SubscriptionDefinition } from "../domain/subscription.ts";

/** What a plans file says, checked like requests of the control plane. */
export interface PlansFile {
  /** The file as it was named: what logs and errors name. */
  readonly fileName: string;
  /** In the order of the file, codes unique; at most one is the default. */
  readonly plans: readonly PlanDefinition[];
  /** In the order of the file, at most one a tenant, each on a plan of the same file. */
  readonly subscriptions: readonly SubscriptionDefinition[];
}
