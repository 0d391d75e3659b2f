import pg from "pg";
import type { TestDatabase } from "../support/test-database.ts";

export type Row = Readonly<Record<string, string | null>>;

/** Runs SQL as the superuser, past every policy and privilege: what really is in the tables. */
export async function query(database: TestDatabase, sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  return await asSuperuser(database, async (client) => (await client.query(sql, [...parameters])).rows);
}

/** Work on one connection of the superuser, for locks that outlast a statement. */
export async function asSuperuser<T>(database: TestDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Counters of a tenant, oldest first. */
export async function readCounters(database: TestDatabase, tenantId: string): Promise<Row[]> {
  return await query(
    database,
    `select metric_code, period_kind, current_usage, last_sequence from quota_usage_record
      where tenant_id = $1 order by metric_code, ordinal`,
    [tenantId],
  );
}

export async function countEvents(database: TestDatabase, tenantId: string): Promise<number> {
  const [row] = await query(database, "select count(*) from quota_usage_event where tenant_id = $1", [tenantId]);
  return Number(row?.["count"]);
}

/** Every row of every table of the service, with what tells that it was written (xmin, ctid) or locked (xmax). */
export async function dumpTables(database: TestDatabase): Promise<Readonly<Record<string, unknown>>> {
  return await asSuperuser(database, async (client) => {
    const { rows: tables } = await client.query(
      "select relname as name from pg_class where relkind = 'r' and relname like 'quota\\_%' order by relname",
    );
    const dump: Record<string, unknown> = {};
    for (const { name } of tables) {
      const table = pg.escapeIdentifier(name);
      const { rows } = await client.query(
        `select t.ctid, t.xmin, t.xmax, t::text as row from ${table} t order by t::text`,
      );
      dump[name] = rows;
    }
    return dump;
  });
}
