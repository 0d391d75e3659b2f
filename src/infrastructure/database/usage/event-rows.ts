import { canonicalJson, type JsonValue } from "../../../domain/canonical-json.ts";
import type { LimitEnforcement } from "../../../domain/limit-enforcement.ts";
import type { LimitSource } from "../../../domain/limit-source.ts";
import type { PeriodKind } from "../../../domain/period-kind.ts";
import type { UsageEvent } from "../../../domain/usage-event.ts";
import { millisecondsSql } from "./record-rows.ts";

/** `quota_usage_event` as set-based SQL reads it. */
export interface EventRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly metric_code: string;
  readonly amount: string;
  readonly metadata: { readonly [key: string]: JsonValue };
  readonly created_at: string;
  readonly idempotency_key: string | null;
  readonly sequence: string;
  readonly usage_after: string;
  readonly quota_limit: string | null;
  readonly enforcement: LimitEnforcement;
  readonly limit_source: LimitSource;
  readonly plan_code: string;
  readonly requested_plan_code: string | null;
  readonly period_kind: PeriodKind;
  readonly period_start: string;
  readonly period_end: string;
}

/** The columns of the table alias `e` as an EventRow. */
export const eventRowColumnsSql = `
  e.tenant_id, e.id, e.metric_code, e.amount::text, e.metadata, ${millisecondsSql("e.created_at")} as created_at,
  e.idempotency_key, e.sequence::text, e.usage_after::text, e.quota_limit::text, e.enforcement, e.limit_source,
  e.plan_code, e.requested_plan_code, e.period_kind, ${millisecondsSql("e.period_start")} as period_start,
  ${millisecondsSql("e.period_end")} as period_end`;

export function eventOf(row: EventRow): UsageEvent {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    metricCode: row.metric_code,
    amount: BigInt(row.amount),
    // jsonb orders keys its own way; the domain compares canonical text.
    metadata: canonicalJson({ ...row.metadata }),
    createdAt: Number(row.created_at),
    ...(row.idempotency_key === null ? {} : { idempotencyKey: row.idempotency_key }),
    sequence: BigInt(row.sequence),
    usageAfter: BigInt(row.usage_after),
    limit: row.quota_limit === null ? null : BigInt(row.quota_limit),
    enforcement: row.enforcement,
    limitSource: row.limit_source,
    planCode: row.plan_code,
    ...(row.requested_plan_code === null ? {} : { requestedPlanCode: row.requested_plan_code }),
    periodKind: row.period_kind,
    periodStart: Number(row.period_start),
    periodEnd: Number(row.period_end),
  };
}
