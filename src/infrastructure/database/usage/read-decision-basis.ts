import type { DecisionBasis, DecisionQuestion } from "../../../repositories/usage-unit-of-work.ts";
import { textArray, uuidArray } from "../binary-arrays.ts";
import type { PipelinedTransaction, Statement } from "../pipelined-transactions.ts";
import { type EventRow, eventOf, eventRowColumnsSql } from "./event-rows.ts";
import { limitBasisColumns, limitBasisColumnsSql, limitBasisCtesSql, limitBasisOf } from "./read-limit-basis.ts";

const decisionBasis: Statement = {
  name: "read_decision_basis",
  sql: `
  with ${limitBasisCtesSql}, keyed as (
    select ${eventRowColumnsSql} from unnest($4::uuid[], $5::text[]) as k (tenant_id, idempotency_key)
      cross join lateral (
        select * from quota_usage_event e
          where e.tenant_id = k.tenant_id and e.idempotency_key = k.idempotency_key limit 1) e
  )
  select ${limitBasisColumnsSql}, (select coalesce(json_agg(keyed), '[]') from keyed) from basis`,
};

/**
 * Limits and remembered keys in one statement. It runs after the locks were granted, so its snapshot holds everything that
 * was acknowledged before, and a key that an earlier holder of the lock has taken (R5, R13).
 */
export async function readDecisionBasis(
  transaction: PipelinedTransaction,
  question: DecisionQuestion,
): Promise<DecisionBasis> {
  const [row] = await transaction.query(decisionBasis, [
    uuidArray(question.tenantIds),
    textArray(question.planCodes),
    textArray([...new Set(question.counters.map((counter) => counter.metricCode))]),
    uuidArray(question.idempotencyKeys.map((key) => key.tenantId)),
    textArray(question.idempotencyKeys.map((key) => key.idempotencyKey)),
  ]);
  if (row === undefined) throw new Error("an aggregate answered no row");
  const keyedEvents: readonly EventRow[] = JSON.parse(row[limitBasisColumns] ?? "[]");
  return { limits: limitBasisOf(row), keyedEvents: keyedEvents.map(eventOf) };
}
