import type { SnapshotQuestion, UsageSnapshot } from "../../../repositories/usage-repository.ts";
import { textArray, uuidArray } from "../binary-arrays.ts";
import { clockMillisecondsSql, type DatabaseClock } from "../database-clock.ts";
import type { PipelinedTransactions, Statement } from "../pipelined-transactions.ts";
import type { Parameter, TextRow } from "../text-query.ts";
import { limitBasisColumns, limitBasisColumnsSql, limitBasisCtesSql, limitBasisOf } from "./read-limit-basis.ts";
import { recordColumns, recordColumnsSql, recordOf } from "./record-rows.ts";

/**
 * Limits, the latest record of every line that one of them counts in, and the clock: one statement, so one snapshot, and no
 * lock. Lines come from the limits, because only a plan says which kind of period a metric counts in. Records of other kinds
 * that have not ended come along for their last event's time, below which the metric's clock does not go (R9).
 */
export function snapshotStatement(clock: DatabaseClock): Statement {
  return {
    name: "read_snapshot",
    sql: `
  with ${limitBasisCtesSql}, line as (
    select distinct q.tenant_id, l.metric_code, l.period_kind
      from unnest($4::uuid[], $5::text[]) as q (tenant_id, metric_code)
      left join basis_subscription s on s.tenant_id = q.tenant_id
      join basis_limit l on l.metric_code = q.metric_code or q.metric_code is null
        and l.plan_code = coalesce(s.plan_code, (select code from basis_plan where is_default))
  ), latest as (
    select r.*, row_number() over () as number from (
      select r.* from line cross join lateral (
        select * from quota_usage_record r
          where r.tenant_id = line.tenant_id and r.metric_code = line.metric_code and r.period_kind = line.period_kind
          order by r.period_start desc limit 1) r
      union
      select r.* from (select distinct tenant_id, metric_code from line) as counter cross join lateral (
        select * from quota_usage_record r
          where r.tenant_id = counter.tenant_id and r.metric_code = counter.metric_code
            and r.period_end > ${clock.floorSql}) r
    ) r
  )
  select moment.now, ${recordColumnsSql}, ${limitBasisColumnsSql}
    from (select ${clockMillisecondsSql(clock)} as now) moment left join latest r on true
    left join basis on coalesce(r.number, 1) = 1`,
  };
}

/** How many columns the statement answers. */
export const snapshotColumns = 1 + recordColumns + limitBasisColumns;

export async function readSnapshot(
  transactions: PipelinedTransactions,
  questions: readonly SnapshotQuestion[],
  statement: Statement,
): Promise<UsageSnapshot> {
  return snapshotOf(await transactions.read(tenantIdsOf(questions), statement, snapshotParameters(questions)));
}

/** What the statement is asked with. */
export function snapshotParameters(questions: readonly SnapshotQuestion[]): Parameter[] {
  const metricCodes = metricCodesOf(questions);
  return [
    uuidArray(tenantIdsOf(questions)),
    textArray(planCodesOf(questions)),
    metricCodes === null ? null : textArray(metricCodes),
    uuidArray(questions.map((question) => question.tenantId)),
    textArray(questions.map((question) => question.metricCode ?? null)),
  ];
}

/** What the statement's rows say. */
export function snapshotOf(rows: readonly TextRow[]): UsageSnapshot {
  const [first] = rows;
  if (first === undefined) throw new Error("an aggregate answered no row");
  return {
    now: Number(first[0]),
    // Only the first row carries it.
    limits: limitBasisOf(first.slice(-limitBasisColumns)),
    latestRecords: rows.map((row) => recordOf(row, 1)).filter((record) => record !== undefined),
  };
}

function tenantIdsOf(questions: readonly SnapshotQuestion[]): string[] {
  return [...new Set(questions.map((question) => question.tenantId))];
}

function planCodesOf(questions: readonly SnapshotQuestion[]): string[] {
  return [...new Set(questions.flatMap((question) => (question.planCode === undefined ? [] : [question.planCode])))];
}

/** Null, which stands for all metrics, as soon as one question asks for all. */
function metricCodesOf(questions: readonly SnapshotQuestion[]): string[] | null {
  const metricCodes = questions.map((question) => question.metricCode);
  if (metricCodes.includes(undefined)) return null;
  return [...new Set(metricCodes.flatMap((metricCode) => (metricCode === undefined ? [] : [metricCode])))];
}
