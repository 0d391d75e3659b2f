import type { ApiServices } from "../../src/api/api-services.ts";

type Fakes = { readonly [K in keyof ApiServices]?: Partial<ApiServices[K]> };

/** Services of which a test names the methods it needs. Any other fails the call, and with it the test. */
export function fakeServices(fakes: Fakes = {}): ApiServices {
  return {
    tracking: { recordUsage: unexpected("recordUsage"), ...fakes.tracking },
    enforcement: {
      checkQuota: unexpected("checkQuota"),
      getStatus: unexpected("getStatus"),
      ...fakes.enforcement,
    },
    eventListing: { list: unexpected("list"), ...fakes.eventListing },
    plans: {
      createPlan: unexpected("createPlan"),
      getPlan: unexpected("getPlan"),
      listPlans: unexpected("listPlans"),
      updatePlan: unexpected("updatePlan"),
      deletePlan: unexpected("deletePlan"),
      ...fakes.plans,
    },
    subscriptions: {
      putSubscription: unexpected("putSubscription"),
      getSubscription: unexpected("getSubscription"),
      listSubscriptions: unexpected("listSubscriptions"),
      deleteSubscription: unexpected("deleteSubscription"),
      putLimitOverride: unexpected("putLimitOverride"),
      listLimitOverrides: unexpected("listLimitOverrides"),
      deleteLimitOverride: unexpected("deleteLimitOverride"),
      ...fakes.subscriptions,
    },
    admin: {
      listUsageRecords: unexpected("listUsageRecords"),
      listUsageEvents: unexpected("listUsageEvents"),
      listRefusals: unexpected("listRefusals"),
      listTenantsNearLimit: unexpected("listTenantsNearLimit"),
      getUsageSeries: unexpected("getUsageSeries"),
      listChanges: unexpected("listChanges"),
      ...fakes.admin,
    },
    apiKeys: {
      createApiKey: unexpected("createApiKey"),
      listApiKeys: unexpected("listApiKeys"),
      revokeApiKey: unexpected("revokeApiKey"),
      ...fakes.apiKeys,
    },
  };
}

function unexpected(name: string): () => Promise<never> {
  return async () => {
    throw new Error(`the test did not expect a call of ${name}`);
  };
}
