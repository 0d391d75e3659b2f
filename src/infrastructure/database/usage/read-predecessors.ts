import { type CounterLineKey, counterKeyText } from "../../../domain/counter-key.ts";
import type { EpochMilliseconds } from "../../../domain/instant.ts";
import { type PeriodKind, periodKinds } from "../../../domain/period-kind.ts";
import type { Predecessor } from "../../../repositories/usage-unit-of-work.ts";
import { textArray, uuidArray } from "../binary-arrays.ts";
import type { PipelinedTransaction, Statement } from "../pipelined-transactions.ts";
import { byTenantThen } from "./in-order.ts";
import { millisecondsSql } from "./record-rows.ts";

/**
 * A transaction that holds the lock of a record whose period has just ended may still be about to commit an event in it. Were
 * a record of the next period created meanwhile, its events could be seen first, and a reader who has passed them would skip
 * the late one (R15). So the latest record of each kind is locked, which waits for whoever holds it; there are no later ones.
 */
const predecessorLocks: Statement = {
  name: "lock_predecessors",
  sql: `
  select 1 from unnest($1::uuid[], $2::text[]) as k (tenant_id, metric_code)
    cross join unnest($3::text[]) as kind (period_kind)
    cross join lateral (
      select 1 from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code and r.period_kind = kind.period_kind
        order by r.period_start desc limit 1 for no key update) r`,
};

/** Reads what was committed by the time the latest records were locked. */
const predecessors: Statement = {
  name: "read_predecessors",
  sql: `
  select k.tenant_id, k.metric_code, k.period_kind,
      (select ${millisecondsSql("r.period_end")} from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code and r.period_kind = k.period_kind
        order by r.period_start desc limit 1) as previous_end,
      (select coalesce(max(r.ordinal), 0) from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code) as last_ordinal,
      (select count(*) from quota_usage_record r
        where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code
          and r.period_end > to_timestamp($4::bigint / 1000.0)) as open_records
    from unnest($1::uuid[], $2::text[], $3::text[]) as k (tenant_id, metric_code, period_kind)`,
};

export async function readPredecessors(
  transaction: PipelinedTransaction,
  keys: readonly CounterLineKey[],
  now: EpochMilliseconds,
): Promise<Predecessor[]> {
  const ordered = keys.toSorted(byTenantThen((key) => `${key.metricCode} ${key.periodKind}`));
  const counters = new Map(ordered.map((key) => [counterKeyText(key), key]));
  const [, rows] = await Promise.all([
    transaction.query(predecessorLocks, [
      uuidArray([...counters.values()].map((key) => key.tenantId)),
      textArray([...counters.values()].map((key) => key.metricCode)),
      textArray(periodKinds),
    ]),
    transaction.query(predecessors, [
      uuidArray(ordered.map((key) => key.tenantId)),
      textArray(ordered.map((key) => key.metricCode)),
      textArray(ordered.map((key) => key.periodKind)),
      now,
    ]),
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
