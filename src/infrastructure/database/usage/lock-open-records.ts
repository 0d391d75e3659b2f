import type { CounterKey } from "../../../domain/counter-key.ts";
import type { LockedRecords } from "../../../repositories/usage-unit-of-work.ts";
import { clockMillisecondsSql, type DatabaseClock } from "../database-clock.ts";
import type { OpenTransaction } from "../transactions.ts";
import { type RecordRow, recordOf, recordRowMembersSql } from "./record-rows.ts";

/**
 * Locks in the order of the keys, which is the same for all transactions, so that two batches never wait for each other. The
 * clock is read above the aggregate, hence after the last lock was granted (R9): read beside the rows it would show when the
 * waiting began.
 */
function lockSql(clock: DatabaseClock): string {
  return `
    with locked as materialized (
      select r.* from unnest($1::uuid[], $2::text[]) as k (tenant_id, metric_code)
        join quota_usage_record r on r.tenant_id = k.tenant_id and r.metric_code = k.metric_code
        where r.period_end > ${clock.floorSql}
        order by r.tenant_id, r.metric_code, r.period_kind, r.period_start
        for no key update of r
    ), gathered as materialized (
      select coalesce(json_agg(json_build_object(${recordRowMembersSql})), '[]') as records from locked r
    )
    select gathered.records, ${clockMillisecondsSql(clock)} as now from gathered`;
}

export async function lockOpenRecords(
  transaction: OpenTransaction,
  keys: readonly CounterKey[],
  clock: DatabaseClock,
): Promise<LockedRecords> {
  const [row] = await transaction.query<{ readonly records: readonly RecordRow[]; readonly now: string }>(
    lockSql(clock),
    [keys.map((key) => key.tenantId), keys.map((key) => key.metricCode)],
  );
  if (row === undefined) throw new Error("an aggregate answered no row");
  return { now: Number(row.now), records: row.records.map(recordOf) };
}
