import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { AdminService } from "../../../gen/quota/v1/admin_service_pb.ts";
import { ApiKeyService } from "../../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { Role } from "../../domain/principal.ts";

/** One service's rows; a method that is missing does not compile. */
type RolesOf<S extends DescService> = { readonly [K in keyof S["method"]]: readonly Role[] };

const quota: RolesOf<typeof QuotaService> = {
  recordUsage: ["SERVICE", "TENANT"],
  checkQuota: ["SERVICE", "AUDITOR", "TENANT"],
  getStatus: ["SERVICE", "AUDITOR", "TENANT"],
  listEvents: ["SERVICE", "AUDITOR", "TENANT"],
};

const plans: RolesOf<typeof PlanService> = {
  createPlan: ["ADMIN"],
  getPlan: ["ADMIN", "AUDITOR"],
  listPlans: ["SERVICE", "ADMIN", "AUDITOR"],
  updatePlan: ["ADMIN"],
  deletePlan: ["ADMIN"],
};

const subscriptions: RolesOf<typeof SubscriptionService> = {
  putSubscription: ["ADMIN"],
  getSubscription: ["SERVICE", "ADMIN", "AUDITOR", "TENANT"],
  listSubscriptions: ["ADMIN", "AUDITOR"],
  deleteSubscription: ["ADMIN"],
  putLimitOverride: ["ADMIN"],
  listLimitOverrides: ["ADMIN", "AUDITOR"],
  deleteLimitOverride: ["ADMIN"],
};

const admin: RolesOf<typeof AdminService> = {
  listUsageRecords: ["SERVICE", "AUDITOR"],
  listUsageEvents: ["AUDITOR"],
  listRefusals: ["AUDITOR"],
  listTenantsNearLimit: ["AUDITOR"],
  getUsageSeries: ["AUDITOR"],
  listChanges: ["AUDITOR"],
};

const apiKeys: RolesOf<typeof ApiKeyService> = {
  createApiKey: ["ADMIN"],
  listApiKeys: ["ADMIN", "AUDITOR"],
  revokeApiKey: ["ADMIN"],
};

/** The one table of who may call what, for every door. */
const table: ReadonlyMap<string, Readonly<Record<string, readonly Role[]>>> = new Map(
  (
    [
      [QuotaService, quota],
      [PlanService, plans],
      [SubscriptionService, subscriptions],
      [AdminService, admin],
      [ApiKeyService, apiKeys],
    ] as const
  ).map(([service, rows]) => [service.typeName, rows]),
);

/**
 * The roles that may call the RPC.
 *
 * @throws Error when the table lacks it: an RPC without an answer to that question is not served to anybody
 */
export function rolesOf(method: DescMethod): readonly Role[] {
  const found = table.get(method.parent.typeName)?.[method.localName];
  if (found === undefined) throw new Error(`the table of roles lacks ${method.toString()}`);
  return found;
}
