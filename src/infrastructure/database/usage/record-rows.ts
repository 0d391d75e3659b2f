import type { PeriodKind } from "../../../domain/period-kind.ts";
import type { UsageRecord } from "../../../domain/usage-record.ts";
import type { TextRow } from "../text-query.ts";

/**
 * A timestamp as whole milliseconds. In double precision, which is exact to the millisecond up to the year 9999 once rounded
 * by the cast, and a fraction of the cost of `extract`, which counts in numeric.
 */
export function millisecondsSql(column: string): string {
  return `(date_part('epoch', ${column}) * 1000)::bigint`;
}

/** The columns of the table alias `r` that `recordOf` reads, in its order. */
export const recordColumnsSql = `
  r.tenant_id, r.id, r.metric_code, r.period_kind, r.ordinal, r.current_usage, r.last_sequence, r.last_event_id,
  ${millisecondsSql("r.last_event_at")}, ${millisecondsSql("r.period_start")}, ${millisecondsSql("r.period_end")},
  ${millisecondsSql("r.created_at")}`;

/** How many these are. */
export const recordColumns = 12;

/** The record whose columns begin at `offset`; undefined when an outer join found none. */
export function recordOf(row: TextRow, offset: number): UsageRecord | undefined {
  const text = (column: number) => row[offset + column] ?? "";
  if (row[offset] === null) return undefined;
  return {
    tenantId: text(0),
    id: text(1),
    metricCode: text(2),
    // Held by a check constraint to be one of the kinds.
    periodKind: text(3) as PeriodKind,
    ordinal: BigInt(text(4)),
    currentUsage: BigInt(text(5)),
    lastSequence: BigInt(text(6)),
    lastEventId: text(7),
    lastEventAt: Number(text(8)),
    periodStart: Number(text(9)),
    periodEnd: Number(text(10)),
    createdAt: Number(text(11)),
  };
}
