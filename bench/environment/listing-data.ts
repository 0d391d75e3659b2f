import type pg from "pg";
import { migrations } from "../../migrations/migrations.ts";
import { type BenchDatabase, type BenchPostgres, rowsOf, withClient } from "./bench-postgres.ts";
import { metadata, metricCodes, planCode, tenantId } from "./tenants.ts";

/** The tenant of which these databases hold the events. */
export const listedTenant = tenantId(1);

/** What the events are made of; another number makes them anew. */
const dataVersion = 2;

const eventsPerInsert = 500_000;

const period = { kind: "YEAR", start: "2026-01-01T00:00:00Z", end: "2027-01-01T00:00:00Z" } as const;
const periodMs = Date.parse(period.end) - Date.parse(period.start);

interface Index {
  readonly name: string;
  readonly definition: string;
}

/**
 * A database in which one tenant has so many events, evenly over its metrics and over a year. It is made once and kept,
 * since ten million take minutes; a changed schema makes it anew.
 */
export async function provideListingDatabase(
  postgres: BenchPostgres,
  eventCount: number,
  log: (line: string) => void,
): Promise<BenchDatabase> {
  const shortName = `list_${eventCount}`;
  const database = postgres.database(shortName);
  const content = `${eventCount} events, version ${dataVersion}, ${migrations.map(({ name }) => name).join(" ")}`;
  const [present] = await postgres.query<{ content: string | null }>(
    "select shobj_description(oid, 'pg_database') as content from pg_database where datname = $1",
    [database.name],
  );
  if (present?.content === content) return database;
  log(`making ${eventCount} events of one tenant, once for this data folder`);
  await postgres.createMigrated(shortName);
  await withClient(database.superuserUrl, (client) => makeEvents(client, eventCount));
  // Last, so that a half-made one is not taken for whole.
  await postgres.query(`comment on database ${database.name} is '${content}'`);
  return database;
}

async function makeEvents(client: pg.Client, eventCount: number): Promise<void> {
  await client.query("set synchronous_commit = off");
  await client.query("set maintenance_work_mem = '1GB'");
  // Keys are random, and ten million random places in an index take hours; building it afterwards takes seconds.
  const indexes = await rowsOf<Index>(
    client,
    `select c.relname as name, pg_get_indexdef(c.oid) as definition
      from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = 'quota_usage_event'::regclass and not i.indisprimary`,
  );
  for (const { name } of indexes) await client.query(`drop index ${name}`);
  for (let first = 1; first <= eventCount; first += eventsPerInsert) {
    const last = Math.min(first + eventsPerInsert - 1, eventCount);
    await client.query(insertSql(first, last, periodMs / (eventCount + 1)));
  }
  for (const { definition } of indexes) await client.query(definition);
  await client.query(recordsSql);
  await client.query("vacuum (analyze) quota_usage_event");
  await client.query("checkpoint");
}

const metricOf = (index: string) => `(array['${metricCodes.join("', '")}'])[1 + ${index} % ${metricCodes.length}]`;

/** Ids carry the instant and rise with the number, as the service's own do. */
function insertSql(first: number, last: number, stepMs: number): string {
  return `
    insert into quota_usage_event (tenant_id, id, metric_code, amount, metadata, created_at, idempotency_key, sequence,
        usage_after, quota_limit, enforcement, limit_source, plan_code, period_kind, period_start, period_end)
      select '${listedTenant}', (lpad(to_hex(ms), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid,
        ${metricOf("n")}, 1, '${JSON.stringify(metadata)}', to_timestamp(ms / 1000.0), gen_random_uuid()::text,
        1 + (n - 1) / ${metricCodes.length}, 1 + (n - 1) / ${metricCodes.length}, 1000000000000000, 'HARD',
        'SUBSCRIBED_PLAN', '${planCode}', '${period.kind}', '${period.start}', '${period.end}'
      from (select n, ${Date.parse(period.start)} + floor(n * ${stepMs})::bigint as ms
        from generate_series(${first}::bigint, ${last}::bigint) as n) as numbered`;
}

/** The counters of these events, so that the database holds nothing that the service could not have written. */
const recordsSql = `
  insert into quota_usage_record (tenant_id, id, metric_code, period_kind, period_start, period_end, ordinal,
      current_usage, last_sequence, last_event_id, last_event_at, created_at)
    select e.tenant_id, gen_random_uuid(), e.metric_code, e.period_kind, e.period_start, e.period_end, 1,
      e.usage_after, e.sequence, e.id, e.created_at, (select min(first.created_at) from quota_usage_event first
        where first.tenant_id = e.tenant_id and first.metric_code = e.metric_code)
    from unnest(array['${metricCodes.join("', '")}']) as m (metric_code) cross join lateral (
      select * from quota_usage_event where tenant_id = '${listedTenant}' and metric_code = m.metric_code
        order by created_at desc, id desc limit 1) e`;
