import type { AdminService } from "../../gen/quota/v1/admin_service_pb.ts";
import type { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import type { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import type { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import type { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "./api-services.ts";
import { checkQuota } from "./handlers/check-quota.ts";
import { createApiKey } from "./handlers/create-api-key.ts";
import { createPlan } from "./handlers/create-plan.ts";
import { deleteLimitOverride } from "./handlers/delete-limit-override.ts";
import { deletePlan } from "./handlers/delete-plan.ts";
import { deleteSubscription } from "./handlers/delete-subscription.ts";
import { getPlan } from "./handlers/get-plan.ts";
import { getStatus } from "./handlers/get-status.ts";
import { getSubscription } from "./handlers/get-subscription.ts";
import { getUsageSeries } from "./handlers/get-usage-series.ts";
import { listApiKeys } from "./handlers/list-api-keys.ts";
import { listChanges } from "./handlers/list-changes.ts";
import { listEvents } from "./handlers/list-events.ts";
import { listLimitOverrides } from "./handlers/list-limit-overrides.ts";
import { listPlans } from "./handlers/list-plans.ts";
import { listRefusals } from "./handlers/list-refusals.ts";
import { listSubscriptions } from "./handlers/list-subscriptions.ts";
import { listTenantsNearLimit } from "./handlers/list-tenants-near-limit.ts";
import { listUsageEvents } from "./handlers/list-usage-events.ts";
import { listUsageRecords } from "./handlers/list-usage-records.ts";
import { putLimitOverride } from "./handlers/put-limit-override.ts";
import { putSubscription } from "./handlers/put-subscription.ts";
import { recordUsage } from "./handlers/record-usage.ts";
import { revokeApiKey } from "./handlers/revoke-api-key.ts";
import { updatePlan } from "./handlers/update-plan.ts";
import type { ServiceHandlers } from "./unary-handler.ts";

/** Every served RPC, once for all doors. */

export function quotaServiceHandlers(services: ApiServices): ServiceHandlers<typeof QuotaService> {
  const { tracking, enforcement, eventListing } = services;
  return {
    recordUsage: recordUsage(tracking),
    checkQuota: checkQuota(enforcement),
    getStatus: getStatus(enforcement),
    listEvents: listEvents(eventListing),
  };
}

export function planServiceHandlers({ plans }: ApiServices): ServiceHandlers<typeof PlanService> {
  return {
    createPlan: createPlan(plans),
    getPlan: getPlan(plans),
    listPlans: listPlans(plans),
    updatePlan: updatePlan(plans),
    deletePlan: deletePlan(plans),
  };
}

export function subscriptionServiceHandlers({
  subscriptions,
}: ApiServices): ServiceHandlers<typeof SubscriptionService> {
  return {
    putSubscription: putSubscription(subscriptions),
    getSubscription: getSubscription(subscriptions),
    listSubscriptions: listSubscriptions(subscriptions),
    deleteSubscription: deleteSubscription(subscriptions),
    putLimitOverride: putLimitOverride(subscriptions),
    listLimitOverrides: listLimitOverrides(subscriptions),
    deleteLimitOverride: deleteLimitOverride(subscriptions),
  };
}

export function adminServiceHandlers({ admin }: ApiServices): ServiceHandlers<typeof AdminService> {
  return {
    listUsageRecords: listUsageRecords(admin),
    listUsageEvents: listUsageEvents(admin),
    listRefusals: listRefusals(admin),
    listTenantsNearLimit: listTenantsNearLimit(admin),
    getUsageSeries: getUsageSeries(admin),
    listChanges: listChanges(admin),
  };
}

export function apiKeyServiceHandlers({ apiKeys }: ApiServices): ServiceHandlers<typeof ApiKeyService> {
  return {
    createApiKey: createApiKey(apiKeys),
    listApiKeys: listApiKeys(apiKeys),
    revokeApiKey: revokeApiKey(apiKeys),
  };
}
