import type { UsageChanges } from "../../../repositories/usage-unit-of-work.ts";
import { bigintArray, jsonbArray, textArray, timestampArray, uuidArray } from "../binary-arrays.ts";
import type { PipelinedTransaction, Statement } from "../pipelined-transactions.ts";
import type { Parameter } from "../text-query.ts";
import { byCounter, byTenantThen } from "./in-order.ts";

/**
 * Everything that a batch changes, in one statement and one round trip. `unnest` of arrays costs half of what the ORM's
 * multi-row insert does. New records, keys and refusals are written in one order for all transactions, so that two batches
 * that want the same ones wait for each other in one direction only.
 */
const writeStatement: Statement = {
  name: "write_changes",
  sql: `
  with new_record as (
    insert into quota_usage_record (tenant_id, id, metric_code, period_kind, period_start, period_end, ordinal,
        current_usage, last_sequence, last_event_id, last_event_at, created_at)
      select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::uuid[], $11::timestamptz[], $12::timestamptz[])
      on conflict do nothing returning 1
  ), changed_record as (
    update quota_usage_record r set current_usage = c.current_usage, last_sequence = c.last_sequence,
        last_event_id = c.last_event_id, last_event_at = c.last_event_at
      from unnest($13::uuid[], $14::uuid[], $15::bigint[], $16::bigint[], $17::uuid[], $18::timestamptz[])
        as c (tenant_id, id, current_usage, last_sequence, last_event_id, last_event_at)
      where r.tenant_id = c.tenant_id and r.id = c.id returning 1
  ), event as (
    insert into quota_usage_event (tenant_id, id, metric_code, amount, metadata, created_at, idempotency_key, sequence,
        usage_after, quota_limit, enforcement, limit_source, plan_code, requested_plan_code, period_kind, period_start,
        period_end)
      select * from unnest($19::uuid[], $20::uuid[], $21::text[], $22::bigint[], $23::jsonb[], $24::timestamptz[],
        $25::text[], $26::bigint[], $27::bigint[], $28::bigint[], $29::text[], $30::text[], $31::text[], $32::text[],
        $33::text[], $34::timestamptz[], $35::timestamptz[])
      returning 1
  ), refusal as (
    insert into quota_usage_refusal as f (tenant_id, metric_code, hour, count, last_limit, last_current, last_amount,
        last_refused_at)
      select * from unnest($36::uuid[], $37::text[], $38::timestamptz[], $39::bigint[], $40::bigint[], $41::bigint[],
        $42::bigint[], $43::timestamptz[])
      on conflict (tenant_id, metric_code, hour) do update set count = f.count + excluded.count,
        last_limit = excluded.last_limit, last_current = excluded.last_current, last_amount = excluded.last_amount,
        last_refused_at = excluded.last_refused_at
      returning 1
  )
  select quota_require_written($44, (select count(*) from new_record), $45,
    (select count(*) from changed_record) + (select count(*) from event) + (select count(*) from refusal))`,
};

/**
 * Writes the batch. The statement itself fails when another transaction was faster in creating a record, so that the COMMIT
 * may be sent behind it without looking at its answer.
 *
 * @returns what rejects with what the driver throws: unique violation, serialization failure
 * @throws at once, before anything is sent, about what cannot be sent: a COMMIT behind that would be one of nothing
 */
export function writeChanges(transaction: PipelinedTransaction, changes: UsageChanges): Promise<unknown> {
  const parameters = parametersOf(changes);
  return transaction.query(writeStatement, parameters);
}

function parametersOf(changes: UsageChanges): Parameter[] {
  const newRecords = changes.newRecords.toSorted(byTenantThen((record) => `${record.metricCode} ${record.ordinal}`));
  const changed = changes.changedRecords;
  const events = changes.events.toSorted(byTenantThen((event) => event.idempotencyKey ?? ""));
  const refusals = changes.refusals.toSorted(byCounter);
  return [
    uuidArray(newRecords.map((record) => record.tenantId)),
    uuidArray(newRecords.map((record) => record.id)),
    textArray(newRecords.map((record) => record.metricCode)),
    textArray(newRecords.map((record) => record.periodKind)),
    timestampArray(newRecords.map((record) => record.periodStart)),
    timestampArray(newRecords.map((record) => record.periodEnd)),
    bigintArray(newRecords.map((record) => record.ordinal)),
    bigintArray(newRecords.map((record) => record.currentUsage)),
    bigintArray(newRecords.map((record) => record.lastSequence)),
    uuidArray(newRecords.map((record) => record.lastEventId)),
    timestampArray(newRecords.map((record) => record.lastEventAt)),
    timestampArray(newRecords.map((record) => record.createdAt)),
    uuidArray(changed.map((record) => record.tenantId)),
    uuidArray(changed.map((record) => record.id)),
    bigintArray(changed.map((record) => record.currentUsage)),
    bigintArray(changed.map((record) => record.lastSequence)),
    uuidArray(changed.map((record) => record.lastEventId)),
    timestampArray(changed.map((record) => record.lastEventAt)),
    uuidArray(events.map((event) => event.tenantId)),
    uuidArray(events.map((event) => event.id)),
    textArray(events.map((event) => event.metricCode)),
    bigintArray(events.map((event) => event.amount)),
    jsonbArray(events.map((event) => event.metadata)),
    timestampArray(events.map((event) => event.createdAt)),
    textArray(events.map((event) => event.idempotencyKey ?? null)),
    bigintArray(events.map((event) => event.sequence)),
    bigintArray(events.map((event) => event.usageAfter)),
    bigintArray(events.map((event) => event.limit)),
    textArray(events.map((event) => event.enforcement)),
    textArray(events.map((event) => event.limitSource)),
    textArray(events.map((event) => event.planCode)),
    textArray(events.map((event) => event.requestedPlanCode ?? null)),
    textArray(events.map((event) => event.periodKind)),
    timestampArray(events.map((event) => event.periodStart)),
    timestampArray(events.map((event) => event.periodEnd)),
    uuidArray(refusals.map((refusal) => refusal.tenantId)),
    textArray(refusals.map((refusal) => refusal.metricCode)),
    timestampArray(refusals.map((refusal) => refusal.hour)),
    bigintArray(refusals.map((refusal) => refusal.count)),
    bigintArray(refusals.map((refusal) => refusal.lastLimit)),
    bigintArray(refusals.map((refusal) => refusal.lastCurrent)),
    bigintArray(refusals.map((refusal) => refusal.lastAmount)),
    timestampArray(refusals.map((refusal) => refusal.lastRefusedAt)),
    newRecords.length,
    changed.length + events.length + refusals.length,
  ];
}
