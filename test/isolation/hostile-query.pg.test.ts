import type { MikroORM } from "@mikro-orm/postgresql";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openOrm } from "../../src/infrastructure/database/orm.ts";
import { Transactions } from "../../src/infrastructure/database/transactions.ts";
import { query } from "../start/database-state.ts";
import { aTenant } from "../support/builders.ts";
import { testTimeouts } from "../support/postgres-storage.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

/**
 * SQL that somebody has smuggled into a unit of work, which changes neither the role nor the setting. Everything that is the
 * other tenant's holds the word "secret".
 */

const [own, foreign] = [aTenant(), aTenant()];

let database: TestDatabase;
let orm: MikroORM;
let transactions: Transactions;

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = [
    ...Array.from({ length: 20 }, (_, n) => [own, "mine", `mine-${n}`]),
    ...Array.from({ length: 80 }, (_, n) => [foreign, "secret", `secret-${n}`]),
  ] as const;
  await query(database.superuserUrl, "insert into quota_plan values ('shared', 'Shared', false, 1, now(), now())");
  for (const [tenantId, word, key] of rows) {
    await query(
      database.superuserUrl,
      `insert into quota_usage_event values ($1, gen_random_uuid(), 5, 1, 5, 10, now(), now() - interval '1 h',
        now() + interval '1 h', $2, 'HARD', 'DEFAULT_PLAN', 'HOUR', 'shared', null, $3, '{}')`,
      [tenantId, word, key],
    );
  }
  for (const [tenantId, word] of [
    [own, "mine"],
    [foreign, "secret"],
  ]) {
    await query(
      database.superuserUrl,
      `insert into quota_usage_record values ($1, gen_random_uuid(), 1, 5, 1, gen_random_uuid(), now(),
        now() - interval '1 h', now() + interval '1 h', now(), 'HOUR', $2)`,
      [tenantId, word],
    );
    const override = "insert into quota_limit_override values ($1, $2, 5, null, $2, null, now(), now())";
    await query(database.superuserUrl, override, [tenantId, word]);
  }
  // Keys are nobody's to see in a unit of work, the tenant's own included.
  for (const [tenantId, kind, word] of [
    [null, "PLAN", "mine"],
    [own, "SUBSCRIPTION", "mine"],
    [foreign, "SUBSCRIPTION", "secret"],
    [null, "API_KEY", "secret"],
    [own, "API_KEY", "secret"],
  ]) {
    await query(
      database.superuserUrl,
      `insert into quota_control_change values ($1, gen_random_uuid(), now(), null, 'somebody', 'ADMIN', 'DELETE', $2, $3,
        jsonb_build_object('word', $3::text), null, 'request-1')`,
      [tenantId, kind, word],
    );
  }
  // Now the planner's statistics know the words too.
  await query(database.superuserUrl, "analyze");
  orm = await openOrm(database.serviceUrl, 3);
  transactions = new Transactions(orm, testTimeouts);
});

afterAll(async () => {
  await orm.close(true);
  await database.drop();
});

/** Everything the statements give away: their rows, or the error that they end in, as one text. */
async function told(...statements: readonly string[]): Promise<string> {
  try {
    return await transactions.asApp([own], async ({ em }) => {
      let answer = "";
      for (const sql of statements) answer += JSON.stringify(await em.execute(sql));
      return answer;
    });
  } catch (error) {
    return `${error} ${(error as Error).cause}`;
  }
}

/** Everything that is stored of the other tenant, and what was written down about keys. */
async function stored(): Promise<unknown> {
  const tables = ["quota_usage_event", "quota_usage_record", "quota_limit_override"];
  const entries = "select * from quota_control_change where object_kind = 'API_KEY' or tenant_id = $1 order by id";
  return await Promise.all(
    [...tables.map((table) => `select * from ${table} where tenant_id = $1 order by 2`), entries].map((sql) =>
      query(database.superuserUrl, sql, [foreign]),
    ),
  );
}

describe("a hostile query that reads", () => {
  it.each<[string, ...string[]]>([
    ["select", "select * from quota_usage_event"],
    ["join", "select * from quota_usage_record r join quota_usage_event e on e.tenant_id <> r.tenant_id or true"],
    ["union", "select metric_code from quota_usage_event union all select reason from quota_limit_override"],
    ["sub-select", "select (select string_agg(e.metric_code, ',') from quota_usage_event e) as words"],
    ["common table expression", "with e as materialized (select * from quota_usage_event) select * from e"],
    ["lateral join", "select e.* from quota_plan p, lateral (select * from quota_usage_event) e"],
    ["table sample", "select * from quota_usage_event tablesample system (100)"],
    ["prepared statement", "prepare spy as select * from quota_usage_event", "execute spy", "deallocate spy"],
    ["cursor", "declare spy cursor for select * from quota_usage_event", "fetch all from spy"],
    [
      "function that runs SQL",
      "select query_to_xml('select metric_code from quota_usage_event', true, false, '')::text as x",
    ],
    ["function that prints a table", "select table_to_xml('quota_usage_event', true, false, '')::text as x"],
    ["row as a text", "select e::text from quota_usage_event e"],
    ["audit trail", "select * from quota_control_change"],
    [
      "audit trail by kind",
      "select object_id from quota_control_change where object_kind = 'API_KEY' union all select 'mine'",
    ],
  ])("sees the batch's tenants only: %s", async (_, ...statements) => {
    const answer = await told(...statements);
    expect(answer).toContain("mine");
    expect(answer).not.toContain("secret");
    expect(answer).not.toContain(foreign);
  });

  it.each([
    [
      "a function of its own",
      "create function pg_temp.spy() returns text language sql as 'select 1'",
      "permission denied",
    ],
    ["a table of its own", "create temporary table quota_usage_event as select 1", "permission denied"],
    ["a view of its own", "create view public.spy as select * from quota_usage_event", "permission denied"],
    ["statistics", "select * from pg_statistic", "permission denied"],
    ["the server's files", "select pg_read_file('PG_VERSION')", "permission denied"],
    ["a program", "copy quota_usage_event to program 'cat'", "permission denied"],
    ["a file", "copy quota_usage_event to '/tmp/spy'", "permission denied"],
    ["row_security = off", "set local row_security = off; select * from quota_usage_event", "row-level security"],
    ["replication", "select pg_create_logical_replication_slot('spy', 'test_decoding')", "permission denied"],
  ])("is refused %s", async (_, sql, reason) => {
    const answer = await told(sql);
    expect(answer).toContain(reason);
    expect(answer).not.toContain("secret");
  });

  it("learns nothing from an anonymous block that raises what it finds", async () => {
    const answer = await told(
      `do $$ declare words text; begin
        select string_agg(distinct metric_code, ' ') into words from quota_usage_event; raise exception 'found %', words; end $$`,
    );
    expect(answer).toContain("found mine");
    expect(answer).not.toContain("secret");
  });

  it("learns nothing from a condition that fails on another tenant's rows", async () => {
    const condition = (word: string) =>
      `select count(*)::int as n from quota_usage_event where 1 / (case when metric_code = '${word}' then 0 else 1 end) = 1`;
    expect(await told(condition("mine"))).toContain("division by zero");
    expect(await told(condition("secret"))).toBe('[{"n":20}]');
    const cast = "select count(*)::int as n from quota_usage_event where metric_code = 'mine' or metric_code::int = 1";
    expect(await told(cast)).toBe('[{"n":20}]');
  });

  it("copies its own rows out and no others", async () => {
    const client = new pg.Client({ connectionString: database.serviceUrl });
    await client.connect();
    await client.query(`begin; set local role quota_app; set local quota.tenant_ids = '${own}'`);
    // The driver has no ear for the rows themselves, but the server counts them.
    for (const source of ["quota_usage_event", "(select * from quota_usage_event)"]) {
      const { command, rowCount } = await client.query(`copy ${source} to stdout`);
      expect({ command, rowCount }).toEqual({ command: "COPY", rowCount: 20 });
    }
    await client.end();
  });

  it.each(["pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"])("finds no values of tenants in %s", async (view) => {
    const { rows } = await asSuperuser(`select count(*)::int as n from ${view} where tablename like 'quota%'`);
    if (view === "pg_stats") expect(rows).toBeGreaterThan(0);
    for (const role of ["asApp", "asReader"] as const) {
      const sql = `select * from ${view} where tablename ~ 'quota_(usage|subscription|limit)'`;
      const found =
        role === "asApp"
          ? await transactions.asApp([own], ({ em }) => em.execute(sql))
          : await transactions.asReader(({ em }) => em.execute(sql));
      expect(found).toEqual([]);
    }
  });

  async function asSuperuser(sql: string): Promise<{ rows: number }> {
    const [row] = await query<{ n: number }>(database.superuserUrl, sql);
    return { rows: row?.n ?? 0 };
  }

  it("finds no statement of another session in pg_stat_activity, pg_prepared_statements or pg_cursors", async () => {
    const other = await transactions.openAsApp([foreign]);
    await other.query("select 'secret' as word, $1::text", ["x"]);
    await other.query("declare secret cursor for select 1", []);
    const sql =
      "select query from pg_stat_activity union all select statement from pg_prepared_statements union all select name from pg_cursors";
    const answer = await told(sql);
    await other.rollback();
    expect(answer).toContain("insufficient privilege");
    expect(answer.replaceAll(sql, "")).not.toContain("secret");
  });
});

describe("a hostile query that writes", () => {
  const columns =
    "gen_random_uuid(), 1, 5, 1, gen_random_uuid(), now(), now() - interval '1 h', now() + interval '1 h', now(), 'DAY', 'x'";
  const entryOf = (tenant: string, kind: string) =>
    `insert into quota_control_change values (${tenant}, gen_random_uuid(), now(), null, 'forger', 'ADMIN', 'DELETE', '${kind}',
      'x', '{}', null, '')`;
  const values = `insert into quota_usage_record values ('${foreign}', ${columns})`;

  it.each([
    ["insert", values],
    ["insert or nothing", `${values} on conflict do nothing`],
    ["upsert", `${values} on conflict (tenant_id, id) do update set current_usage = 0`],
    ["insert from select", `insert into quota_usage_record select '${foreign}', ${columns}`],
    ["update", "update quota_usage_record set current_usage = 0"],
    ["update of a tenant", `update quota_usage_record set current_usage = 0 where tenant_id = '${foreign}'`],
    ["update that gives a row away", `update quota_usage_record set tenant_id = '${foreign}'`],
    ["update from", "update quota_usage_record r set current_usage = 0 from quota_plan p where true"],
    [
      "merge",
      "merge into quota_usage_record r using quota_plan p on true when matched then update set current_usage = 0",
    ],
    ["delete", "delete from quota_limit_override"],
    ["delete using", `delete from quota_limit_override o using quota_plan p where o.tenant_id = '${foreign}'`],
    ["delete in a common table expression", "with d as (delete from quota_limit_override returning *) select * from d"],
    ["truncate", "truncate quota_limit_override"],
    ["event", "update quota_usage_event set amount = 1"],
    ["copy", "copy quota_limit_override from stdin"],
    ["anonymous block", "do $$ begin update quota_usage_record set current_usage = 0; end $$"],
    ["alter", "alter table quota_usage_record disable row level security"],
    ["policy", "create policy mine on quota_usage_record using (true)"],
    ["grant", "grant all on quota_usage_record to quota_reader"],
    ["entry of an ADMIN key", entryOf("null", "API_KEY")],
    ["entry of a key of its own tenant", entryOf(`'${own}'`, "API_KEY")],
    ["entry of another tenant", entryOf(`'${foreign}'`, "SUBSCRIPTION")],
  ])("changes nothing of another tenant, nor what was written down about keys: %s", async (_, sql) => {
    const before = await stored();
    const answer = await told(sql);
    expect(answer).not.toContain("secret");
    expect(await stored()).toEqual(before);
  });
});
