import type { AdminService } from "../services/admin/admin-service.ts";
import type { ApiKeyService } from "../services/api-key-service.ts";
import type { PlanService } from "../services/plan-service.ts";
import type { QuotaEnforcementService } from "../services/quota-enforcement-service.ts";
import type { SubscriptionService } from "../services/subscription-service.ts";
import type { UsageEventListing } from "../services/usage-event-listing.ts";
import type { UsageTrackingService } from "../services/usage-tracking-service.ts";

/**
 * The use cases that the doors call. `Pick` takes a class's public methods only: the classes hold private fields, and
 * with those nothing else could stand in, neither a fake nor a queue in front of one.
 */
export interface ApiServices {
  readonly tracking: Pick<UsageTrackingService, "recordUsage">;
  readonly enforcement: Pick<QuotaEnforcementService, "checkQuota" | "getStatus">;
  readonly eventListing: Pick<UsageEventListing, "list">;
  readonly plans: Pick<PlanService, "createPlan" | "getPlan" | "listPlans" | "updatePlan" | "deletePlan">;
  readonly subscriptions: Pick<
    SubscriptionService,
    | "putSubscription"
    | "getSubscription"
    | "listSubscriptions"
    | "deleteSubscription"
    | "putLimitOverride"
    | "listLimitOverrides"
    | "deleteLimitOverride"
  >;
  readonly admin: Pick<
    AdminService,
    "listUsageRecords" | "listUsageEvents" | "listRefusals" | "listTenantsNearLimit" | "getUsageSeries" | "listChanges"
  >;
  readonly apiKeys: Pick<ApiKeyService, "createApiKey" | "listApiKeys" | "revokeApiKey">;
}
