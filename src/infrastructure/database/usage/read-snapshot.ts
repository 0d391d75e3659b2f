import type { SnapshotQuestion, UsageSnapshot } from "../../../repositories/usage-repository.ts";
import { clockMillisecondsSql, type DatabaseClock } from "../database-clock.ts";
import type { OpenTransaction } from "../transactions.ts";
import { type LimitBasisRow, limitBasisCtesSql, limitBasisOf } from "./read-limit-basis.ts";
import { type RecordRow, recordOf, recordRowMembersSql } from "./record-rows.ts";

/**
 * Limits, the latest record of every line that one of them counts in, and the clock: one statement, so one snapshot, and no
 * lock. Lines come from the limits, because only a plan says which kind of period a metric counts in.
 */
function snapshotSql(clock: DatabaseClock): string {
  return `
  with ${limitBasisCtesSql}, line as (
    select distinct q.tenant_id, l.metric_code, l.period_kind
      from unnest($4::uuid[], $5::text[]) as q (tenant_id, metric_code)
      join basis_limit l on q.metric_code is null or l.metric_code = q.metric_code
  ), latest as (
    select r.* from line cross join lateral (
      select * from quota_usage_record r
        where r.tenant_id = line.tenant_id and r.metric_code = line.metric_code and r.period_kind = line.period_kind
        order by r.period_start desc limit 1) r
  )
  select basis.*, ${clockMillisecondsSql(clock)} as now,
    (select coalesce(json_agg(json_build_object(${recordRowMembersSql})), '[]') from latest r) as records
    from basis`;
}

export async function readSnapshot(
  transaction: OpenTransaction,
  questions: readonly SnapshotQuestion[],
  tenantIds: readonly string[],
  clock: DatabaseClock,
): Promise<UsageSnapshot> {
  const [row] = await transaction.query<LimitBasisRow & { readonly now: string; readonly records: RecordRow[] }>(
    snapshotSql(clock),
    [
      tenantIds,
      planCodesOf(questions),
      metricCodesOf(questions),
      questions.map((question) => question.tenantId),
      questions.map((question) => question.metricCode ?? null),
    ],
  );
  if (row === undefined) throw new Error("an aggregate answered no row");
  return { now: Number(row.now), limits: limitBasisOf(row), latestRecords: row.records.map(recordOf) };
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
