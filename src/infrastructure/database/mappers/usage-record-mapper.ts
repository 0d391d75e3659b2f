import type { InferEntity } from "@mikro-orm/core";
import type { UsageRecord } from "../../../domain/usage-record.ts";
import type { UsageRecordEntity } from "../entities/usage-record-entity.ts";

export function recordOfEntity(entity: InferEntity<typeof UsageRecordEntity>): UsageRecord {
  return {
    id: entity.id,
    tenantId: entity.tenantId,
    metricCode: entity.metricCode,
    periodKind: entity.periodKind,
    periodStart: entity.periodStart.getTime(),
    periodEnd: entity.periodEnd.getTime(),
    ordinal: entity.ordinal,
    currentUsage: entity.currentUsage,
    lastSequence: entity.lastSequence,
    lastEventId: entity.lastEventId,
    lastEventAt: entity.lastEventAt.getTime(),
    createdAt: entity.createdAt.getTime(),
  };
}
