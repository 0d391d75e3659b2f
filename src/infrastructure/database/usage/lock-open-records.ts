import { compareText } from "../../../domain/compare-text.ts";
import { type CounterKey, counterKeyText } from "../../../domain/counter-key.ts";
import type { LockedRecords } from "../../../repositories/usage-unit-of-work.ts";
import { clockMillisecondsSql, type DatabaseClock } from "../database-clock.ts";
import type { OpenTransaction } from "../transactions.ts";
import { type RecordRow, recordOf, recordRowMembersSql } from "./record-rows.ts";

/**
 * Locks in the order of the keys, which is the same for all transactions, so that two batches never wait for each other: the
 * lateral join takes one key after the other, and the records of a key in the order of their creation. The
 * clock is read above the aggregate, hence after the last lock was granted (R9): read beside the rows it would show when the
 * waiting began.
 */
function lockSql(clock: DatabaseClock): string {
  return `
    with locked as materialized (
      select r.* from unnest($1::uuid[], $2::text[]) as k (tenant_id, metric_code)
        cross join lateral (
          select * from quota_usage_record r
            where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code and r.period_end > ${clock.floorSql}
            order by r.ordinal for no key update) r
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
  const inOrder = [...keys].sort((a, b) => compareText(counterKeyText(a), counterKeyText(b)));
  const [row] = await transaction.query<{ readonly records: readonly RecordRow[]; readonly now: string }>(
    lockSql(clock),
    [inOrder.map((key) => key.tenantId), inOrder.map((key) => key.metricCode)],
  );
  if (row === undefined) throw new Error("an aggregate answered no row");
  return { now: Number(row.now), records: row.records.map(recordOf) };
}
