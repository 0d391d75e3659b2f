import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageEventEntity } from "../../src/infrastructure/database/entities/usage-event-entity.ts";
import { openOrm } from "../../src/infrastructure/database/orm.ts";
import { Transactions } from "../../src/infrastructure/database/transactions.ts";
import { aTenant } from "../support/builders.ts";
import { testTimeouts } from "../support/postgres-storage.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** Promise 5 where it rests: what each role of the database may do, whatever SQL reaches it. */

const permissionDenied = "42501";
const immutable = "23001";
const [own, foreign] = [aTenant(), aTenant()];

/** The columns of one valid row besides the tenant, for every table of tenant data. */
const tenantTables: Readonly<Record<string, string>> = {
  quota_subscription: "'shared', 'UTC', null, now(), now()",
  quota_limit_override: "'calls', 5, null, 'agreed', null, now(), now()",
  quota_usage_record: `gen_random_uuid(), 1, 5, 1, gen_random_uuid(), now(), now() - interval '1 h',
    now() + interval '1 h', now(), 'HOUR', 'calls'`,
  quota_usage_event: `gen_random_uuid(), 5, 1, 5, 10, now(), now() - interval '1 h', now() + interval '1 h', 'calls',
    'HARD', 'DEFAULT_PLAN', 'HOUR', 'shared', null, 'key-1', '{}'`,
  quota_usage_refusal: "'calls', now(), 1, 5, 5, 1, now()",
  quota_control_change: `gen_random_uuid(), now(), null, 'somebody', 'ADMIN', 'DELETE', 'SUBSCRIPTION', 'tenant', '{}', null,
    'request-1'`,
};
const tables = [
  ...Object.keys(tenantTables),
  "quota_plan",
  "quota_plan_limit",
  "quota_setting",
  "quota_migration",
  "quota_api_key",
];
/** What whoever reads all tenants has no business with. */
const secretTables = ["quota_setting", "quota_api_key"];

let database: TestDatabase;
let superuser: pg.Client;
let owner: pg.Client;
/** The serving login. */
let serving: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  superuser = await connect(database.superuserUrl);
  owner = await connect(database.ownerUrl);
  serving = await connect(database.serviceUrl);
  await superuser.query("insert into quota_plan values ('shared', 'Shared', false, 1, now(), now())");
  for (const [table, columns] of Object.entries(tenantTables)) {
    for (const tenantId of [own, foreign])
      await superuser.query(`insert into ${table} values ('${tenantId}', ${columns})`);
  }
});

afterAll(async () => {
  for (const client of [superuser, owner, serving]) await client.end();
  await database.drop();
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** The SQLSTATE that the statement fails with, or how many rows it touched; undone either way. */
async function attempt(client: pg.Client, settings: string, sql: string): Promise<string | number | null> {
  await client.query("begin");
  try {
    await client.query(settings);
    const { rowCount } = await client.query(sql);
    return rowCount;
  } catch (error) {
    return (error as pg.DatabaseError).code ?? String(error);
  } finally {
    await client.query("rollback");
  }
}

const asApp = (...tenantIds: readonly string[]) =>
  `set local role quota_app; set local quota.tenant_ids = '${tenantIds.join(",")}'`;
const asReader = "set local role quota_reader";
const asAuth = "set local role quota_auth";

/** Every way to change a table. */
function writesOf(table: string): string[] {
  const columns = tenantTables[table];
  return [
    columns === undefined
      ? `insert into ${table} default values`
      : `insert into ${table} values ('${own}', ${columns})`,
    `delete from ${table}`,
    `truncate ${table} cascade`,
    `lock ${table} in access exclusive mode`,
  ];
}

describe("the serving login", () => {
  it.each(tables)("may do nothing in a transaction that forgot its role (%s)", async (table) => {
    for (const sql of [`select from ${table}`, ...writesOf(table)]) {
      expect(await attempt(serving, "", sql), sql).toBe(permissionDenied);
    }
  });

  it("may do nothing once it has given its role back", async () => {
    const resetRole = `${asApp(own)}; reset role`;
    for (const table of tables)
      expect(await attempt(serving, resetRole, `select from ${table}`)).toBe(permissionDenied);
  });

  it("may take on its roles and no other, creates nothing and reads no file", async () => {
    const ownerRole = pg.escapeIdentifier(new URL(database.ownerUrl).username);
    for (const role of [ownerRole, new URL(database.superuserUrl).username]) {
      expect(await attempt(serving, `set local role ${role}`, "select 1"), role).toBe(permissionDenied);
    }
    for (const settings of ["", asApp(own), asReader, asAuth]) {
      expect(await attempt(serving, settings, "create table public.mine (id int)")).toBe(permissionDenied);
      expect(await attempt(serving, settings, "copy quota_plan to program 'cat'")).toBe(permissionDenied);
      expect(await attempt(serving, settings, "alter table quota_usage_event disable row level security")).toBe(
        permissionDenied,
      );
    }
  });
});

describe.each(Object.entries(tenantTables))("quota_app in %s", (table, columns) => {
  it.each([
    ["was not set", "set local role quota_app"],
    ["is empty", asApp()],
    ["names nobody who is there", asApp(aTenant())],
  ])("sees nothing when the tenant %s", async (_, settings) => {
    expect(await attempt(serving, settings, `select from ${table}`)).toBe(0);
  });

  it("sees nothing after a transaction of its own on the same connection", async () => {
    expect(await attempt(serving, asApp(own), `select from ${table}`)).toBe(1);
    expect(await attempt(serving, "set local role quota_app", `select from ${table}`)).toBe(0);
  });

  it("sees the named tenant's rows and no others, even when it asks for them", async () => {
    await serving.query("begin");
    await serving.query(asApp(own));
    const { rows } = await serving.query(`select tenant_id from ${table}`);
    const { rowCount } = await serving.query(`select from ${table} where tenant_id = $1`, [foreign]);
    await serving.query("rollback");
    expect(rows).toEqual([{ tenant_id: own }]);
    expect(rowCount).toBe(0);
    expect(await attempt(serving, asApp(own, foreign), `select from ${table}`)).toBe(2);
  });

  it("cannot write another tenant's rows, and is told the same whether they are there or not", async () => {
    for (const tenantId of [foreign, aTenant()]) {
      expect(await attempt(serving, asApp(own), `insert into ${table} values ('${tenantId}', ${columns})`)).toBe(
        permissionDenied,
      );
      const upsert = `insert into ${table} values ('${tenantId}', ${columns}) on conflict do nothing`;
      expect(await attempt(serving, asApp(own), upsert)).toBe(permissionDenied);
      for (const sql of [
        `update ${table} set tenant_id = tenant_id where tenant_id = '${tenantId}'`,
        `delete from ${table} where tenant_id = '${tenantId}'`,
        `select from ${table} where tenant_id = '${tenantId}' for update`,
      ]) {
        // 0 rows where the role may write its own rows, and no permission where it may write none.
        expect([0, permissionDenied], sql).toContain(await attempt(serving, asApp(own), sql));
      }
    }
    expect(await attempt(serving, asApp(own), `update ${table} set tenant_id = '${foreign}'`)).toBe(permissionDenied);
  });
});

describe("quota_reader", () => {
  it.each(secretTables)("does not read %s", async (table) => {
    expect(await attempt(serving, asReader, `select from ${table}`)).toBe(permissionDenied);
  });

  it.each(tables.filter((table) => !secretTables.includes(table)))(
    "reads all rows of %s, and writes none",
    async (table) => {
      const { rows } = await superuser.query(`select count(*)::int as count from ${table}`);
      expect(await attempt(serving, asReader, `select from ${table}`)).toBe(rows[0].count);
      const { rows: columns } = await superuser.query(
        "select attname from pg_attribute where attrelid = $1::regclass and attnum = 1",
        [table],
      );
      const update = `update ${table} set ${columns[0].attname} = ${columns[0].attname}`;
      for (const sql of [update, ...writesOf(table), `select from ${table} for update`]) {
        expect(await attempt(serving, asReader, sql), sql).toBe(permissionDenied);
      }
    },
  );
});

describe("API keys", () => {
  const key = (role: string, tenant: string) =>
    `insert into quota_api_key values (gen_random_uuid(), 'n', '${role}', ${tenant}, gen_random_uuid()::text,
      repeat('a', 64), now())`;

  it("are out of reach of the role that works for tenants, its own tenant's included", async () => {
    await superuser.query(key("TENANT", `'${own}'`));
    for (const sql of [
      "select from quota_api_key",
      key("TENANT", `'${own}'`),
      "update quota_api_key set prefix = 'x'",
    ]) {
      expect(await attempt(serving, asApp(own), sql), sql).toBe(permissionDenied);
    }
  });

  it("are read, made, revoked and noted as used by quota_auth, and neither changed otherwise nor removed", async () => {
    expect(await attempt(serving, asAuth, "select from quota_api_key")).toBe(1);
    expect(await attempt(serving, asAuth, key("ADMIN", "null"))).toBe(1);
    for (const column of ["revoked_at", "last_used_at"]) {
      expect(await attempt(serving, asAuth, `update quota_api_key set ${column} = now()`)).toBe(1);
    }
    for (const column of ["role", "tenant_id", "secret_hash", "prefix", "expires_at", "created_at", "display_name"]) {
      const sql = `update quota_api_key set ${column} = ${column}`;
      expect(await attempt(serving, asAuth, sql), sql).toBe(permissionDenied);
    }
    expect(await attempt(serving, asAuth, "delete from quota_api_key")).toBe(permissionDenied);
  });

  it("belong to a tenant exactly when they are a tenant's", async () => {
    const violated = "23514";
    expect(await attempt(serving, asAuth, key("TENANT", "null"))).toBe(violated);
    expect(await attempt(serving, asAuth, key("SERVICE", `'${own}'`))).toBe(violated);
    expect(await attempt(serving, asAuth, key("OWNER", "null"))).toBe(violated);
  });

  it("are all that quota_auth sees, with what was written down about them, which it may add to", async () => {
    const change = (kind: string) =>
      `insert into quota_control_change values (null, gen_random_uuid(), now(), null, 'n', null, 'DELETE', '${kind}', 'x', '{}', null, '')`;
    expect(await attempt(serving, asAuth, "select from quota_control_change")).toBe(0);
    expect(await attempt(serving, asAuth, change("API_KEY"))).toBe(1);
    expect(await attempt(serving, asAuth, change("PLAN"))).toBe(permissionDenied);
    for (const sql of ["update quota_control_change set actor_name = 'x'", "delete from quota_control_change"]) {
      expect(await attempt(serving, asAuth, sql), sql).toBe(permissionDenied);
    }
    const others = tables.filter((name) => name !== "quota_api_key" && name !== "quota_control_change");
    for (const table of others) {
      for (const sql of [`select from ${table}`, ...writesOf(table)]) {
        expect(await attempt(serving, asAuth, sql), sql).toBe(permissionDenied);
      }
    }
  });
});

describe.each([
  ["quota_usage_event", "amount = 1"],
  ["quota_control_change", "actor_name = 'nobody'"],
])("what %s holds", (table, change) => {
  const immutableCall = `EXECUTE FUNCTION ${table}_immutable_fn()`;
  const changes = [
    `update ${table} set ${change}`,
    `update ${table} set ${change} where false`,
    `delete from ${table}`,
    `truncate ${table}`,
  ];

  it.each(changes)("cannot be changed by quota_app, its owner or the superuser: %s", async (sql) => {
    expect(await attempt(serving, asApp(own), sql)).toBe(permissionDenied);
    expect(await attempt(owner, "", sql)).toBe(immutable);
    expect(await attempt(superuser, "", sql)).toBe(immutable);
  });

  it("is guarded by triggers that are in force, the one against TRUNCATE among them", async () => {
    const { rows } = await superuser.query(
      `select pg_get_triggerdef(oid) as definition, tgenabled as enabled from pg_trigger
        where tgrelid = $1::regclass and not tgisinternal order by tgname`,
      [table],
    );
    expect(rows).toEqual(
      ["CREATE TRIGGER immutable BEFORE DELETE OR UPDATE", "CREATE TRIGGER immutable_truncate BEFORE TRUNCATE"].map(
        (trigger) => ({
          definition: `${trigger} ON public.${table} FOR EACH STATEMENT ${immutableCall}`,
          enabled: "O",
        }),
      ),
    );
  });

  it("is hidden from its owner, whom FORCE binds too", async () => {
    expect(await attempt(owner, "", `select from ${table}`)).toBe(0);
  });
});

it("tables of tenant data are hidden from their owner, whom FORCE binds too", async () => {
  for (const table of Object.keys(tenantTables)) expect(await attempt(owner, "", `select from ${table}`)).toBe(0);
});

describe("changes of what belongs to no tenant", () => {
  const columns = "gen_random_uuid(), now(), null, 'somebody', null, 'DELETE', 'PLAN', 'starter', '{}', null, ''";

  it.each(["set local role quota_app", asApp(), asApp(own)])("are written and seen under %j", async (settings) => {
    const insert = `insert into quota_control_change values (null, ${columns})`;
    expect(await attempt(serving, settings, insert)).toBe(1);
    await superuser.query(insert);
    const seen = "select from quota_control_change where tenant_id is null";
    expect(await attempt(serving, settings, seen)).toBeGreaterThan(0);
  });
});

it("every table with a tenant has row level security, forced, with exactly its policies", async () => {
  const { rows } = await superuser.query(
    `select c.relname as table, c.relrowsecurity and c.relforcerowsecurity as forced,
        array(select format('%s %s %s %s', p.policyname, p.permissive, p.cmd, p.roles::text) from pg_policies p
          where p.tablename = c.relname order by 1) as policies
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      where c.relkind in ('r', 'p', 'm', 'v') and c.relnamespace = 'public'::regnamespace order by 1`,
  );
  const ofTenants = Object.keys(tenantTables).map((table) => ({
    table,
    forced: true,
    policies: [
      `${table}_app PERMISSIVE ALL {quota_app}`,
      ...(table === "quota_control_change" ? [`${table}_auth PERMISSIVE ALL {quota_auth}`] : []),
      `${table}_reader PERMISSIVE SELECT {quota_reader}`,
    ],
  }));
  const keys = { table: "quota_api_key", forced: true, policies: ["quota_api_key_auth PERMISSIVE ALL {quota_auth}"] };
  expect(rows).toEqual([keys, ...ofTenants].sort((a, b) => (a.table < b.table ? -1 : 1)));
});

describe("isolation is double", () => {
  it("row level security holds where the ORM's filter is turned off", async () => {
    const orm = await openOrm(database.serviceUrl, 1);
    const transactions = new Transactions(orm, testTimeouts);
    const found = await transactions.asApp([own], async ({ em, query }) => [
      ...(await em.find(UsageEventEntity, {}, { filters: { tenant: false } })).map(({ tenantId }) => tenantId),
      ...(await query<{ tenant_id: string }>("select tenant_id from quota_usage_event", [])).map(
        (row) => row.tenant_id,
      ),
    ]);
    expect(found).toEqual([own, own]);
    // Nothing of it stays with the pooled connection.
    await expect(orm.em.getConnection().execute("select from quota_usage_event")).rejects.toThrow("permission denied");
    await orm.close(true);
  });

  it("the ORM's filter holds where row level security does not bind, and throws without a tenant", async () => {
    const orm = await openOrm(database.superuserUrl, 1);
    const em = orm.em.fork();
    await expect(em.find(UsageEventEntity, {})).rejects.toThrow("tenant");
    em.setFilterParams("tenant", { tenantIds: [own] });
    expect((await em.find(UsageEventEntity, {})).map(({ tenantId }) => tenantId)).toEqual([own]);
    expect(await em.find(UsageEventEntity, { tenantId: foreign })).toEqual([]);
    await orm.close(true);
  });
});
