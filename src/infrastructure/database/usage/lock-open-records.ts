import type { CounterKey } from "../../../domain/counter-key.ts";
import type { LockedRecords } from "../../../repositories/usage-unit-of-work.ts";
import { textArray, uuidArray } from "../binary-arrays.ts";
import { clockMillisecondsSql, type DatabaseClock } from "../database-clock.ts";
import type { PipelinedTransaction, Statement } from "../pipelined-transactions.ts";
import { byCounter } from "./in-order.ts";
import { recordColumnsSql, recordOf } from "./record-rows.ts";

/**
 * Locks in the order of the keys, which is the same for all transactions, so that two batches never wait for each other: the
 * lateral join takes one key after the other, and the records of a key in the order of their creation.
 *
 * The clock is read beside the count of the locked rows, hence after the last lock was granted (R9): read beside the rows
 * themselves it would show when the waiting began. The transaction's id is what the server can be asked by, should the answer
 * to the commit be lost.
 */
export function lockStatement(clock: DatabaseClock): Statement {
  return {
    name: "lock_open_records",
    sql: `
    with locked as materialized (
      select r.* from unnest($1::uuid[], $2::text[]) as k (tenant_id, metric_code)
        cross join lateral (
          select * from quota_usage_record r
            where r.tenant_id = k.tenant_id and r.metric_code = k.metric_code and r.period_end > ${clock.floorSql}
            order by r.ordinal for no key update) r
    ), moment as materialized (
      select count(*), ${clockMillisecondsSql(clock)} as now, pg_current_xact_id() as transaction_id from locked
    )
    select moment.now, moment.transaction_id, ${recordColumnsSql} from moment left join locked r on true`,
  };
}

export interface LockAnswer extends LockedRecords {
  readonly transactionId: string;
}

const momentColumns = 2;

export async function lockOpenRecords(
  transaction: PipelinedTransaction,
  keys: readonly CounterKey[],
  statement: Statement,
): Promise<LockAnswer> {
  const ordered = keys.toSorted(byCounter);
  const rows = await transaction.query(statement, [
    uuidArray(ordered.map((key) => key.tenantId)),
    textArray(ordered.map((key) => key.metricCode)),
  ]);
  const [now, transactionId] = rows[0] ?? [];
  if (typeof now !== "string" || typeof transactionId !== "string") throw new Error("the clock answered no row");
  const records = rows.map((row) => recordOf(row, momentColumns)).filter((record) => record !== undefined);
  return { now: Number(now), transactionId, records };
}
