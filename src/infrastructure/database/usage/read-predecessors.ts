import type { CounterLineKey } from "../../../domain/counter-key.ts";
import type { EpochMilliseconds } from "../../../domain/instant.ts";
import type { PeriodKind } from "../../../domain/period-kind.ts";
import type { Predecessor } from "../../../repositories/usage-unit-of-work.ts";
import type { PipelinedTransaction, Statement } from "../pipelined-transactions.ts";
import { millisecondsSql } from "./record-rows.ts";

const predecessors: Statement = {
  name: "read_predecessors",
  sql: `
  select k.tenant_id, k.metric_code, k.period_kind,
      (select ${millisecondsSql("r.period_end")} from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code and r.period_kind = k.period_kind
        order by r.period_start desc limit 1) as previous_end,
      (select coalesce(max(r.ordinal), 0)::text from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code) as last_ordinal,
      (select count(*)::text from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code
          and r.period_end > to_timestamp($4::bigint / 1000.0)) as open_records
    from unnest($1::uuid[], $2::text[], $3::text[]) as k (tenant_id, metric_code, period_kind)`,
};

export async function readPredecessors(
  transaction: PipelinedTransaction,
  keys: readonly CounterLineKey[],
  now: EpochMilliseconds,
): Promise<Predecessor[]> {
  const rows = await transaction.query(predecessors, [
    keys.map((key) => key.tenantId),
    keys.map((key) => key.metricCode),
    keys.map((key) => key.periodKind),
    now,
  ]);
  return rows.map(([tenantId, metricCode, periodKind, previousEnd, lastOrdinal, openRecords]) => ({
    tenantId: tenantId ?? "",
    metricCode: metricCode ?? "",
    // What was asked comes back beside its answer.
    periodKind: periodKind as PeriodKind,
    ...(previousEnd == null ? {} : { previousEnd: Number(previousEnd) }),
    lastOrdinal: BigInt(lastOrdinal ?? 0),
    openRecords: Number(openRecords),
  }));
}
