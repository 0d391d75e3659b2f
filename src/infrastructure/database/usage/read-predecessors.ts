import type { CounterLineKey } from "../../../domain/counter-key.ts";
import type { EpochMilliseconds } from "../../../domain/instant.ts";
import type { PeriodKind } from "../../../domain/period-kind.ts";
import type { Predecessor } from "../../../repositories/usage-unit-of-work.ts";
import type { OpenTransaction } from "../transactions.ts";
import { millisecondsSql } from "./record-rows.ts";

const predecessorsSql = `
  select k.tenant_id, k.metric_code, k.period_kind,
      (select ${millisecondsSql("r.period_end")} from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code and r.period_kind = k.period_kind
        order by r.period_start desc limit 1) as previous_end,
      (select coalesce(max(r.ordinal), 0)::text from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code) as last_ordinal,
      (select count(*)::text from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code
          and r.period_end > to_timestamp($4::bigint / 1000.0)) as open_records
    from unnest($1::uuid[], $2::text[], $3::text[]) as k (tenant_id, metric_code, period_kind)`;

interface PredecessorRow {
  readonly tenant_id: string;
  readonly metric_code: string;
  readonly period_kind: PeriodKind;
  readonly previous_end: string | null;
  readonly last_ordinal: string;
  readonly open_records: string;
}

export async function readPredecessors(
  transaction: OpenTransaction,
  keys: readonly CounterLineKey[],
  now: EpochMilliseconds,
): Promise<Predecessor[]> {
  const rows = await transaction.query<PredecessorRow>(predecessorsSql, [
    keys.map((key) => key.tenantId),
    keys.map((key) => key.metricCode),
    keys.map((key) => key.periodKind),
    now,
  ]);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    metricCode: row.metric_code,
    periodKind: row.period_kind,
    ...(row.previous_end === null ? {} : { previousEnd: Number(row.previous_end) }),
    lastOrdinal: BigInt(row.last_ordinal),
    openRecords: Number(row.open_records),
  }));
}
