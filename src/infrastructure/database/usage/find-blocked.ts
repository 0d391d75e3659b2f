import type { CounterKey } from "../../../domain/counter-key.ts";
import { StorageBusyError } from "../../../repositories/storage-errors.ts";
import { textArray, uuidArray } from "../binary-arrays.ts";
import type { PipelinedTransactions, Statement } from "../pipelined-transactions.ts";

/** The newest records of a counter, which are all that transactions lock: some of each kind, and hardly ever more. */
const recordsLookedAt = 12;

/**
 * What a batch does to these tables, it does not while another transaction holds, or waits for, one of these locks. Of the tables
 * themselves: who stands in line for a row has a lock in these modes too, on the row.
 */
const tableLockSql = `
  select 1 from pg_locks l join pg_class c on c.oid = l.relation
    where l.locktype = 'relation' and l.database = (select oid from pg_database where datname = current_database())
      and c.relname like 'quota\\_%'
      and (l.mode = 'AccessExclusiveLock' or (l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock')
        and c.relname in ('quota_usage_record', 'quota_usage_event', 'quota_usage_refusal')))`;

/** Numbers the keys, and keeps those of which a record is there that cannot be locked at once. 0 stands for a whole table. */
const blockedStatement: Statement = {
  name: "find_blocked",
  sql: `
  with k as materialized (
    select * from unnest($1::uuid[], $2::text[]) with ordinality as k (tenant_id, metric_code, number)
  ), present as materialized (
    select k.number, r.id from k cross join lateral (
      select id from quota_usage_record r where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code
        order by r.ordinal desc limit ${recordsLookedAt}) r
  ), free as materialized (
    select k.number, r.id from k cross join lateral (
      select id from quota_usage_record r where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code
        order by r.ordinal desc limit ${recordsLookedAt} for no key update skip locked) r
  )
  select distinct present.number from present
    where not exists (select 1 from free where free.number = present.number and free.id = present.id)
  union all select 0 where exists (${tableLockSql})`,
};

export async function findBlocked(
  transactions: PipelinedTransactions,
  keys: readonly CounterKey[],
): Promise<readonly CounterKey[]> {
  const tenantIds = [...new Set(keys.map((key) => key.tenantId))];
  const rows = await transactions.read(tenantIds, blockedStatement, [
    uuidArray(keys.map((key) => key.tenantId)),
    textArray(keys.map((key) => key.metricCode)),
  ]);
  const numbers = new Set(rows.map(([number]) => Number(number)));
  if (numbers.has(0)) throw new StorageBusyError("others hold a whole table");
  return keys.filter((_, index) => numbers.has(index + 1));
}
