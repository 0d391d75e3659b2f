import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { SeriesWindow } from "../../gen/quota/v1/admin_service_pb.ts";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { LimitEnforcement } from "../../gen/quota/v1/usage_pb.ts";

/** What an attacker asks about: somebody's things, which are there or are not. */
export interface Subject {
  readonly tenantId: string;
  readonly planCode: string;
  readonly metricCode: string;
  readonly idempotencyKey: string;
  /** What was recorded under the key. */
  readonly amount: bigint;
  readonly keyId: string;
  readonly pageToken: string;
}

type Row = (subject: Subject) => MessageInitShape<DescMessage>;

const limits = [{ metricCode: "items", limit: 1n, enforcement: LimitEnforcement.HARD }];
const at = (seconds: bigint) => ({ seconds, nanos: 0 });

/** For each RPC a request about the subject that would be answered, or at least decided, for a caller who may. */
export const attackRows: Readonly<Record<string, Row>> = {
  "quota.v1.QuotaService.RecordUsage": ({ tenantId, metricCode, idempotencyKey, amount }) => ({
    tenantId,
    metricCode,
    amount,
    idempotencyKey,
  }),
  "quota.v1.QuotaService.CheckQuota": ({ tenantId, metricCode }) => ({ tenantId, metricCode, amount: 1n }),
  "quota.v1.QuotaService.GetStatus": ({ tenantId }) => ({ tenantId }),
  "quota.v1.QuotaService.ListEvents": ({ tenantId }) => ({ tenantId }),
  "quota.v1.PlanService.CreatePlan": ({ planCode }) => ({ plan: { code: planCode, displayName: "Taken", limits } }),
  "quota.v1.PlanService.GetPlan": ({ planCode }) => ({ code: planCode }),
  "quota.v1.PlanService.ListPlans": ({ pageToken }) => ({ pageToken }),
  "quota.v1.PlanService.UpdatePlan": ({ planCode }) => ({
    plan: { code: planCode, displayName: "Taken over", limits, revision: 1n },
  }),
  "quota.v1.PlanService.DeletePlan": ({ planCode }) => ({ code: planCode }),
  "quota.v1.SubscriptionService.PutSubscription": ({ tenantId, planCode }) => ({
    subscription: { tenantId, planCode },
  }),
  "quota.v1.SubscriptionService.GetSubscription": ({ tenantId }) => ({ tenantId }),
  "quota.v1.SubscriptionService.ListSubscriptions": ({ planCode }) => ({ planCode }),
  "quota.v1.SubscriptionService.DeleteSubscription": ({ tenantId }) => ({ tenantId }),
  "quota.v1.SubscriptionService.PutLimitOverride": ({ tenantId, metricCode }) => ({
    override: { tenantId, metricCode, unlimited: true, reason: "mine" },
  }),
  "quota.v1.SubscriptionService.ListLimitOverrides": ({ tenantId }) => ({ tenantId }),
  "quota.v1.SubscriptionService.DeleteLimitOverride": ({ tenantId, metricCode }) => ({ tenantId, metricCode }),
  "quota.v1.AdminService.ListUsageRecords": ({ tenantId }) => ({ tenantId }),
  "quota.v1.AdminService.ListUsageEvents": ({ tenantId }) => ({ tenantId }),
  "quota.v1.AdminService.ListRefusals": ({ tenantId }) => ({ tenantId }),
  "quota.v1.AdminService.ListTenantsNearLimit": ({ metricCode }) => ({ metricCode }),
  "quota.v1.AdminService.GetUsageSeries": ({ tenantId, metricCode }) => ({
    tenantId,
    metricCode,
    createdFrom: at(1_700_000_000n),
    createdBefore: at(1_700_086_400n),
    window: SeriesWindow.HOUR,
  }),
  "quota.v1.AdminService.ListChanges": ({ tenantId }) => ({ tenantId }),
  "quota.v1.ApiKeyService.CreateApiKey": ({ tenantId }) => ({ displayName: "Mine", role: Role.TENANT, tenantId }),
  "quota.v1.ApiKeyService.ListApiKeys": ({ tenantId }) => ({ tenantId }),
  "quota.v1.ApiKeyService.RevokeApiKey": ({ keyId }) => ({ id: keyId }),
};
