import type { InferEntity } from "@mikro-orm/core";
import type { LimitOverride } from "../../../domain/limit-override.ts";
import { type Plan, sortLimits } from "../../../domain/plan.ts";
import type { QuotaLimit } from "../../../domain/quota-limit.ts";
import type { Subscription } from "../../../domain/subscription.ts";
import type { LimitOverrideEntity } from "../entities/limit-override-entity.ts";
import type { PlanEntity, PlanLimitEntity } from "../entities/plan-entity.ts";
import type { SubscriptionEntity } from "../entities/subscription-entity.ts";

export function planOfEntities(
  plan: InferEntity<typeof PlanEntity>,
  limits: readonly InferEntity<typeof PlanLimitEntity>[],
): Plan {
  return {
    code: plan.code,
    displayName: plan.displayName,
    limits: sortLimits(limits.map(quotaLimitOf)),
    isDefault: plan.isDefault,
    revision: plan.revision,
    createdAt: plan.createdAt.getTime(),
    updatedAt: plan.updatedAt.getTime(),
  };
}

function quotaLimitOf(limit: InferEntity<typeof PlanLimitEntity>): QuotaLimit {
  return {
    metricCode: limit.metricCode,
    limit: limit.quotaLimit ?? null,
    enforcement: limit.enforcement,
    periodKind: limit.periodKind,
  };
}

export function subscriptionOfEntity(entity: InferEntity<typeof SubscriptionEntity>): Subscription {
  return {
    tenantId: entity.tenantId,
    planCode: entity.plan.code,
    timeZone: entity.timeZone,
    ...(entity.anchor == null ? {} : { anchor: entity.anchor.getTime() }),
    createdAt: entity.createdAt.getTime(),
    updatedAt: entity.updatedAt.getTime(),
  };
}

export function overrideOfEntity(entity: InferEntity<typeof LimitOverrideEntity>): LimitOverride {
  return {
    tenantId: entity.tenantId,
    metricCode: entity.metricCode,
    limit: entity.quotaLimit ?? null,
    ...(entity.enforcement == null ? {} : { enforcement: entity.enforcement }),
    reason: entity.reason,
    ...(entity.expiresAt == null ? {} : { expiresAt: entity.expiresAt.getTime() }),
    createdAt: entity.createdAt.getTime(),
    updatedAt: entity.updatedAt.getTime(),
  };
}
