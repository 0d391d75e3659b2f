import type { InferEntity } from "@mikro-orm/core";
import { canonicalJson, type JsonValue } from "../../../domain/canonical-json.ts";
import type { UsageEvent } from "../../../domain/usage-event.ts";
import type { UsageEventEntity } from "../entities/usage-event-entity.ts";

export function eventOfEntity(entity: InferEntity<typeof UsageEventEntity>): UsageEvent {
  return {
    id: entity.id,
    tenantId: entity.tenantId,
    metricCode: entity.metricCode,
    amount: entity.amount,
    // jsonb orders keys its own way; the domain compares canonical text.
    metadata: canonicalJson(entity.metadata as JsonValue),
    createdAt: entity.createdAt.getTime(),
    ...(entity.idempotencyKey == null ? {} : { idempotencyKey: entity.idempotencyKey }),
    sequence: entity.sequence,
    usageAfter: entity.usageAfter,
    limit: entity.quotaLimit ?? null,
    enforcement: entity.enforcement,
    limitSource: entity.limitSource,
    planCode: entity.planCode,
    ...(entity.requestedPlanCode == null ? {} : { requestedPlanCode: entity.requestedPlanCode }),
    periodKind: entity.periodKind,
    periodStart: entity.periodStart.getTime(),
    periodEnd: entity.periodEnd.getTime(),
  };
}
