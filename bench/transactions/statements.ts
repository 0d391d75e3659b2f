import { metadata, metricCode, planCode } from "../environment/tenants.ts";

/** How a tool writes its values into a statement: `:name` in pgbench, `$1` in pg. */
export interface Placeholders {
  /** The tenant's number. */
  readonly tenant: string;
  /** What the update returned. */
  readonly usage: string;
  readonly sequence: string;
  readonly eventId: string;
}

/** Of the counters that the seed has opened. */
export interface OpenPeriod {
  readonly start: string;
  readonly end: string;
}

/**
 * What a team would write without a service: check and count in one statement, keep the event in a second, both in one
 * transaction. Same tables, indexes, key and metadata as the service's; no row level security, no look-up of plan or key.
 */
export function eventStatements(
  { tenant, usage, sequence, eventId }: Placeholders,
  period: OpenPeriod,
): { readonly update: string; readonly insert: string } {
  const tenantId = `('00000000-0000-4000-8000-' || lpad(to_hex(${tenant}::int), 12, '0'))::uuid`;
  return {
    update: oneLine(`update quota_usage_record set current_usage = current_usage + 1, last_sequence = last_sequence + 1,
        last_event_id = uuidv7(), last_event_at = clock_timestamp()
      where tenant_id = ${tenantId} and metric_code = '${metricCode}' and period_kind = 'MONTH'
        and period_start = '${period.start}' and current_usage + 1 <= 1000000000000000
      returning current_usage, last_sequence, last_event_id`),
    insert: oneLine(`insert into quota_usage_event (tenant_id, id, metric_code, amount, metadata, created_at,
        idempotency_key, sequence, usage_after, quota_limit, enforcement, limit_source, plan_code, period_kind,
        period_start, period_end)
      values (${tenantId}, ${eventId}::uuid, '${metricCode}', 1, '${JSON.stringify(metadata)}', clock_timestamp(),
        gen_random_uuid()::text, ${sequence}::bigint, ${usage}::bigint, 1000000000000000, 'HARD', 'SUBSCRIBED_PLAN',
        '${planCode}', 'MONTH', '${period.start}', '${period.end}')`),
  };
}

/** pgbench takes a line for a statement unless it is told otherwise. */
function oneLine(sql: string): string {
  return sql.replaceAll(/\s+/g, " ");
}
