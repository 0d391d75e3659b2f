import type { InferEntity } from "@mikro-orm/core";
import type { UsageRefusal } from "../../../domain/usage-refusal.ts";
import type { UsageRefusalEntity } from "../entities/usage-refusal-entity.ts";

export function refusalOfEntity(entity: InferEntity<typeof UsageRefusalEntity>): UsageRefusal {
  return {
    tenantId: entity.tenantId,
    metricCode: entity.metricCode,
    hour: entity.hour.getTime(),
    count: entity.count,
    lastLimit: entity.lastLimit,
    lastCurrent: entity.lastCurrent,
    lastAmount: entity.lastAmount,
    lastRefusedAt: entity.lastRefusedAt.getTime(),
  };
}
