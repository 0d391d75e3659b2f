import type { CounterKey } from "../../../domain/counter-key.ts";
import type { SeriesWindow } from "../../../domain/series-window.ts";
import type { UsageRecord } from "../../../domain/usage-record.ts";
import {
  type CounterCrossing,
  type CounterMark,
  counterCrossings,
  seriesBoundaries,
  usageSeries,
  type WindowLastEvent,
} from "../../../domain/usage-series.ts";
import type { UsageSeriesReading, UsageSeriesRepository } from "../../../repositories/admin/usage-series-repository.ts";
import type { UsageSnapshot } from "../../../repositories/usage-repository.ts";
import type { DatabaseClock } from "../database-clock.ts";
import { UsageRecordEntity } from "../entities/usage-record-entity.ts";
import { recordOfEntity } from "../mappers/usage-record-mapper.ts";
import type { TextRow } from "../text-query.ts";
import type { OpenTransaction, Transactions } from "../transactions.ts";
import { snapshotColumns, snapshotOf, snapshotParameters, snapshotStatement } from "../usage/read-snapshot.ts";

/**
 * Reads a series by descents of an index, one or two for each window, however many events lie in it: what the events add up to
 * is in the counters that they carry.
 */
export class PostgresUsageSeriesRepository implements UsageSeriesRepository {
  readonly #transactions: Transactions;
  readonly #snapshotSql: string;

  constructor(transactions: Transactions, clock: DatabaseClock) {
    this.#transactions = transactions;
    this.#snapshotSql = textColumnsSql(snapshotStatement(clock).sql, snapshotColumns);
  }

  async readSeries(key: CounterKey, windows: readonly SeriesWindow[]): Promise<UsageSeriesReading> {
    return await this.#transactions.asAppOfSnapshot([key.tenantId], async (transaction) => {
      const snapshot = await this.#readSnapshot(transaction, key);
      const records = await findRecords(transaction, key, windows);
      const marks = await readMarks(transaction, key, windows, counterCrossings(windows, records));
      const lastEvents = records.length === 0 ? [] : await readLastEvents(transaction, key, windows);
      return { points: usageSeries(windows, records, marks, lastEvents), snapshot };
    });
  }

  async #readSnapshot(transaction: OpenTransaction, { tenantId, metricCode }: CounterKey): Promise<UsageSnapshot> {
    const rows = await transaction.query<Record<string, string | null>>(
      this.#snapshotSql,
      snapshotParameters([{ tenantId, metricCode }]),
    );
    return snapshotOf(rows.map((row): TextRow => columnNames(snapshotColumns).map((name) => row[name] ?? null)));
  }
}

/** Gives names and the type text to columns that have neither: a transaction of the ORM answers rows by name. */
function textColumnsSql(sql: string, count: number): string {
  const names = columnNames(count);
  return `select ${names.map((name) => `t.${name}::text`).join(", ")} from (${sql}) as t (${names.join(", ")})`;
}

function columnNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `c${index}`);
}

/** The counters with events in the windows. */
async function findRecords(
  { em }: OpenTransaction,
  { tenantId, metricCode }: CounterKey,
  windows: readonly SeriesWindow[],
): Promise<UsageRecord[]> {
  const [start, end] = [windows[0]?.start, windows.at(-1)?.end];
  if (start === undefined || end === undefined) return [];
  const records = await em.find(UsageRecordEntity, {
    tenantId,
    metricCode,
    // The last event lies before the period's end, which is in an index.
    periodEnd: { $gt: new Date(start) },
    lastEventAt: { $gte: new Date(start) },
    createdAt: { $lt: new Date(end) },
  });
  return records.map(recordOfEntity);
}

async function readMarks(
  transaction: OpenTransaction,
  { tenantId, metricCode }: CounterKey,
  windows: readonly SeriesWindow[],
  crossings: readonly CounterCrossing[],
): Promise<CounterMark[]> {
  if (crossings.length === 0) return [];
  const boundaries = seriesBoundaries(windows);
  const rows = await transaction.query<{ readonly sequence: string; readonly usage_after: string }>(
    `select e.sequence::text, e.usage_after::text
      from unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) with ordinality
          as c (period_kind, period_start, boundary, number)
        cross join lateral (
          select e.sequence, e.usage_after from quota_usage_event e
            where e.tenant_id = $1::uuid and e.metric_code = $2::text
              and e.created_at >= c.period_start and e.created_at < c.boundary
              and e.period_kind = c.period_kind and e.period_start = c.period_start
            order by e.created_at desc, e.id desc limit 1) e
      order by c.number`,
    [
      tenantId,
      metricCode,
      crossings.map(({ record }) => record.periodKind),
      crossings.map(({ record }) => new Date(record.periodStart)),
      crossings.map(({ boundary }) => new Date(boundaries[boundary] ?? 0)),
    ],
  );
  return rows.map((row) => ({ sequence: BigInt(row.sequence), usageAfter: BigInt(row.usage_after) }));
}

async function readLastEvents(
  transaction: OpenTransaction,
  { tenantId, metricCode }: CounterKey,
  windows: readonly SeriesWindow[],
): Promise<(WindowLastEvent | undefined)[]> {
  const rows = await transaction.query<{ readonly usage_after: string | null; readonly quota_limit: string | null }>(
    `select e.usage_after::text, e.quota_limit::text
      from unnest($3::timestamptz[], $4::timestamptz[]) with ordinality as w (starts_at, ends_at, number)
        left join lateral (
          select e.usage_after, e.quota_limit from quota_usage_event e
            where e.tenant_id = $1::uuid and e.metric_code = $2::text
              and e.created_at >= w.starts_at and e.created_at < w.ends_at
            order by e.created_at desc, e.id desc limit 1) e on true
      order by w.number`,
    [tenantId, metricCode, windows.map(({ start }) => new Date(start)), windows.map(({ end }) => new Date(end))],
  );
  return rows.map(({ usage_after, quota_limit }) =>
    usage_after === null
      ? undefined
      : { usageAfter: BigInt(usage_after), limit: quota_limit === null ? null : BigInt(quota_limit) },
  );
}
