import type { PeriodKind } from "../../../domain/period-kind.ts";
import type { UsageRecord } from "../../../domain/usage-record.ts";

/** `quota_usage_record` as set-based SQL reads it: eight-byte integers and instants as text, which loses nothing. */
export interface RecordRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly metric_code: string;
  readonly period_kind: PeriodKind;
  readonly ordinal: string;
  readonly current_usage: string;
  readonly last_sequence: string;
  readonly last_event_id: string;
  readonly last_event_at: string;
  readonly period_start: string;
  readonly period_end: string;
  readonly created_at: string;
}

/**
 * A timestamp as whole milliseconds. In double precision, which is exact to the millisecond up to the year 9999 once rounded
 * by the cast, and a fraction of the cost of `extract`, which counts in numeric.
 */
export function millisecondsSql(column: string): string {
  return `(date_part('epoch', ${column}) * 1000)::bigint`;
}

/** The members of a `json_build_object` that makes a RecordRow of the table alias `r`. */
export const recordRowMembersSql = `
  'tenant_id', r.tenant_id, 'id', r.id, 'metric_code', r.metric_code, 'period_kind', r.period_kind,
  'ordinal', r.ordinal::text, 'current_usage', r.current_usage::text, 'last_sequence', r.last_sequence::text,
  'last_event_id', r.last_event_id, 'last_event_at', ${millisecondsSql("r.last_event_at")},
  'period_start', ${millisecondsSql("r.period_start")}, 'period_end', ${millisecondsSql("r.period_end")},
  'created_at', ${millisecondsSql("r.created_at")}`;

export function recordOf(row: RecordRow): UsageRecord {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    metricCode: row.metric_code,
    periodKind: row.period_kind,
    periodStart: Number(row.period_start),
    periodEnd: Number(row.period_end),
    ordinal: BigInt(row.ordinal),
    currentUsage: BigInt(row.current_usage),
    lastSequence: BigInt(row.last_sequence),
    lastEventId: row.last_event_id,
    lastEventAt: Number(row.last_event_at),
    createdAt: Number(row.created_at),
  };
}
