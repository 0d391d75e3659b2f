import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareDatabase } from "../../src/infrastructure/database/prepare-database.ts";
import { failToStart } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { query } from "./database-state.ts";
import { exactly, expectRefusal } from "./refusal.ts";
import { TestLogins } from "./test-logins.ts";

/** A database whose schema is current and in which tenants would not be kept apart all the same. */

let database: TestDatabase;
let logins: TestLogins;
let login: string;
let servingUrl: string;
let name: string;

const condition =
  "tenant_id in (select unnest(string_to_array(current_setting('quota.tenant_ids', true), ',')::uuid[]) as unnest)";
const createPolicy = (table: string) =>
  `create policy "${table}_app" on "${table}" for all to quota_app using (${condition}) with check (${condition})`;

beforeAll(async () => {
  database = await createTestDatabase();
  logins = new TestLogins();
  login = await logins.create("noinherit");
  servingUrl = logins.urlOf(login, database.serviceUrl);
  name = new URL(database.superuserUrl).pathname.slice(1);
  await query(database.superuserUrl, `grant quota_app, quota_reader, quota_auth to ${login}`);
});

afterAll(async () => {
  await database.drop();
  await logins.drop();
});

/** The lines of the refusal; none when the database is taken. */
async function defectsOf(url = servingUrl): Promise<string[]> {
  try {
    await prepareDatabase(url, undefined);
    return [];
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "StartError") throw error;
    return error.message.split("\n").map((line) => line.replace(/^DATABASE_URL: /, ""));
  }
}

/** Spoils the database, expects exactly these defects, mends it as the superuser, and expects none. */
async function expectDefects(spoil: string, mend: string, defects: readonly string[]): Promise<void> {
  await query(database.superuserUrl, spoil);
  try {
    expect(await defectsOf()).toEqual(defects);
  } finally {
    await query(database.superuserUrl, mend);
  }
  expect(await defectsOf()).toEqual([]);
}

it("a database as the migrations leave it is taken", async () => {
  expect(await defectsOf()).toEqual([]);
  expect(await defectsOf(database.serviceUrl)).toEqual([]);
});

describe("a start refuses a table of tenant data", () => {
  const table = "quota_usage_event";

  it("without row level security", async () => {
    const enable = `alter table "${table}" enable row level security`;
    const defect = `table ${table} has no row level security; as its owner run: ${enable}`;
    await expectDefects(`alter table ${table} disable row level security`, enable, [defect]);
  });

  it("whose row level security does not bind the owner", async () => {
    const force = `alter table "${table}" force row level security`;
    const defect = `table ${table} does not force row level security; as its owner run: ${force}`;
    await expectDefects(`alter table ${table} no force row level security`, force, [defect]);
  });

  it("without a policy", async () => {
    const defect = `table ${table} lacks the policy ${table}_app; as its owner run: ${createPolicy(table)}`;
    await expectDefects(`drop policy ${table}_app on ${table}`, createPolicy(table), [defect]);
  });

  it("with one policy more", async () => {
    const drop = `drop policy "debugging" on "${table}"`;
    const defect = `table ${table} has the policy debugging, which this version does not know; as its owner run: ${drop}`;
    await expectDefects(`create policy debugging on ${table} using (true)`, drop, [defect]);
  });

  it.each<[string, string, string]>([
    ["roles", "to quota_app, quota_reader", "list of roles (quota_app, quota_reader)"],
    ["roles, everybody", "to public", "list of roles (public)"],
    ["rows to read", "using (true)", "USING condition (true)"],
    ["rows to write", "with check (true)", "WITH CHECK condition (true)"],
    [
      "rows for one login",
      `using (${condition} or session_user = 'support')`,
      "USING condition (((tenant_id IN ( SELECT unnest((string_to_array(current_setting('quota.tenant_ids'::text, true), " +
        "','::text))::uuid[]) AS unnest)) OR (SESSION_USER = 'support'::name)))",
    ],
    [
      "names of the setting",
      `using (${condition.replace("quota.tenant_ids", "quota.tenants")})`,
      "USING condition ((tenant_id IN ( SELECT unnest((string_to_array(current_setting('quota.tenants'::text, true), " +
        "','::text))::uuid[]) AS unnest)))",
    ],
    [
      "conditions, on a table that nobody may see",
      "using (exists (select from pg_authid))",
      "USING condition ((EXISTS ( SELECT FROM pg_authid)))",
    ],
  ])("whose policy has other %s", async (_, change, difference) => {
    const policy = `policy ${table}_app of table ${table} has another ${difference} than this version's`;
    const remedy = `drop policy "${table}_app" on "${table}"; ${createPolicy(table)}`;
    await expectDefects(`alter policy ${table}_app on ${table} ${change}`, remedy, [
      `${policy}; as its owner run: ${remedy}`,
    ]);
  });

  it("whose policy is restrictive, or for another command", async () => {
    const remedy = `drop policy "${table}_app" on "${table}"; ${createPolicy(table)}`;
    const policy = `create policy ${table}_app on ${table}`;
    const conditions = `to quota_app using (${condition})`;
    await expectDefects(
      `drop policy ${table}_app on ${table}; ${policy} as restrictive to quota_app using (${condition}) with check (${condition})`,
      remedy,
      [
        `policy ${table}_app of table ${table} has another kind (RESTRICTIVE) than this version's; as its owner run: ${remedy}`,
      ],
    );
    await expectDefects(
      `drop policy ${table}_app on ${table}; ${policy} for update ${conditions} with check (${condition})`,
      remedy,
      [
        `policy ${table}_app of table ${table} has another command (update) than this version's; as its owner run: ${remedy}`,
      ],
    );
    await expectDefects(`drop policy ${table}_app on ${table}; ${policy} ${conditions}`, remedy, [
      `policy ${table}_app of table ${table} has another WITH CHECK condition (none) than this version's; as its owner run: ${remedy}`,
    ]);
  });

  it("naming every defect of every table at once", async () => {
    const tables = [
      "quota_subscription",
      "quota_limit_override",
      "quota_usage_record",
      "quota_usage_event",
      "quota_usage_refusal",
    ];
    const all = (sql: (table: string) => string) => tables.map(sql).join("; ");
    await expectDefects(
      all((table) => `drop policy ${table}_app on ${table}`),
      all(createPolicy),
      tables.map((table) => `table ${table} lacks the policy ${table}_app; as its owner run: ${createPolicy(table)}`),
    );
  });
});

describe("a start refuses a login", () => {
  it("with rights of its own, or everybody's", async () => {
    for (const holder of [login, "public"]) {
      const defect =
        `login ${login} has rights of its own on table quota_usage_event (SELECT); as its owner run: ` +
        `revoke SELECT on "quota_usage_event" from public, "${login}"`;
      await expectDefects(
        `grant select on quota_usage_event to ${holder}`,
        `revoke SELECT on "quota_usage_event" from public, "${login}"`,
        [defect],
      );
    }
  });

  it("with a right on a single column", async () => {
    const revoke = `revoke UPDATE on "quota_usage_event" from public, "${login}"`;
    const defect = `login ${login} has rights of its own on table quota_usage_event (UPDATE); as its owner run: ${revoke}`;
    await expectDefects(
      `grant update (amount) on quota_usage_event to ${login}`,
      `revoke update (amount) on quota_usage_event from ${login}`,
      [defect],
    );
  });

  it.each([
    ["quota_app", "TRUNCATE"],
    ["quota_app", "REFERENCES"],
    ["quota_reader", "DELETE"],
    ["quota_auth", "DELETE"],
  ])("that may become %s with %s, which row level security does not bind", async (role, right) => {
    const revoke = `revoke ${right} on "quota_usage_refusal" from public, "${role}"`;
    const defect = `role ${role} has too many rights on table quota_usage_refusal (${right}); as its owner run: ${revoke}`;
    await expectDefects(`grant ${right} on quota_usage_refusal to ${role}`, revoke, [defect]);
  });

  it.each([
    ["CREATE", "schema"],
    ["CREATE", "database"],
    ["TEMPORARY", "database"],
  ])("with the right to %s in the %s", async (right, place) => {
    const where = place === "schema" ? 'schema "public"' : `database "${name}"`;
    const revoke = (holder: string) => `revoke ${right} on ${where} from public, "${holder}"`;
    await expectDefects(`grant ${right} on ${where} to ${login}`, revoke(login), [
      `role ${login} may create things (${right}) in ${where}; as its owner run: ${revoke(login)}`,
    ]);
    await expectDefects(
      `grant ${right} on ${where} to public`,
      `revoke ${right} on ${where} from public`,
      ["quota_app", "quota_auth", "quota_reader", login].map(
        (holder) => `role ${holder} may create things (${right}) in ${where}; as its owner run: ${revoke(holder)}`,
      ),
    );
  });

  it.each([
    ["is a superuser", "superuser", ""],
    ["has BYPASSRLS", "bypassrls", ""],
    ["has REPLICATION", "replication", ""],
    ["has CREATEROLE", "createrole", ""],
    ["reaches past SQL", "in role pg_read_server_files", "pg_read_server_files"],
    ["has more rights on the tables", "in role pg_write_all_data", "pg_write_all_data"],
  ])("that may become a role that %s", async (power, options, alsoNamed) => {
    const role = await logins.create(options);
    const revoke = (name_: string) => `as who granted it run: revoke "${name_}" from "${login}"`;
    const lines = [[role, power], ...(alsoNamed === "" ? [] : [[alsoNamed, power]])]
      .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1))
      .map(([named, why]) => `login ${login} may become ${named}, which ${why}; ${revoke(String(named))}`);
    await expectDefects(`grant ${role} to ${login}`, `revoke ${role} from ${login}`, lines);
  });

  it("that may become the owner, or an owner of one table", async () => {
    const owner = new URL(database.ownerUrl).username;
    const revoke = (role: string) => `as who granted it run: revoke "${role}" from "${login}"`;
    await expectDefects(`grant ${owner} to ${login}`, `revoke ${owner} from ${login}`, [
      `login ${login} may become ${owner}, which has CREATEROLE; ${revoke(owner)}`,
    ]);
    const other = await logins.create("");
    await expectDefects(
      `grant ${other} to ${login}; alter table quota_plan owner to ${other}`,
      `alter table quota_plan owner to ${owner}; revoke ${other} from ${login}`,
      [`login ${login} may become ${other}, which owns the tables; ${revoke(other)}`],
    );
  });

  it("no matter which harmless roles it may become besides", async () => {
    const role = await logins.create("in role quota_reader");
    await query(database.superuserUrl, `grant ${role} to ${login}`);
    expect(await defectsOf()).toEqual([]);
    await query(database.superuserUrl, `revoke ${role} from ${login}`);
  });

  it("that begins as another role, or with tenants", async () => {
    await expectDefects(`alter role ${login} set role = quota_app`, `alter role "${login}" reset role`, [
      `login ${login} begins as the role quota_app; as a superuser run: alter role "${login}" reset role`,
    ]);
    await expectDefects(
      `alter database ${name} set quota.tenant_ids = '11111111-1111-4111-8111-111111111111'`,
      `alter database "${name}" reset quota.tenant_ids`,
      [
        `login ${login} begins with quota.tenant_ids set, so a transaction that forgot it would see tenants; ` +
          `as a superuser run: alter role "${login}" reset quota.tenant_ids; ` +
          `alter role "${login}" in database "${name}" reset quota.tenant_ids; alter database "${name}" reset quota.tenant_ids`,
      ],
    );
  });

  it.each([
    ["replication", "has REPLICATION, which reads every row; use a login without rights"],
    ["createrole", "has CREATEROLE, and could grant itself rights; use a login without rights"],
  ])("with %s", async (option, reason) => {
    await expectDefects(`alter role ${login} ${option}`, `alter role ${login} no${option}`, [
      `login ${login} ${reason}`,
    ]);
  });
});

it("the process prints the defect as one line and ends", async () => {
  await query(database.superuserUrl, "alter table quota_usage_record no force row level security");
  const force = 'alter table "quota_usage_record" force row level security';
  const failed = await failToStart({ DATABASE_URL: servingUrl });
  expectRefusal(
    failed,
    exactly(`DATABASE_URL: table quota_usage_record does not force row level security; as its owner run: ${force}`),
  );
  await query(database.superuserUrl, force);
});

it("migrating takes away what lets everybody create things", async () => {
  const fresh = await createTestDatabase({ migrated: false });
  await query(fresh.superuserUrl, "grant create on schema public to public");
  await prepareDatabase(fresh.serviceUrl, fresh.ownerUrl);
  const client = new pg.Client({ connectionString: fresh.serviceUrl });
  await client.connect();
  for (const sql of ["create temporary table quota_usage_event (id uuid)", "create table mine (id uuid)"]) {
    await expect(client.query(sql), sql).rejects.toThrow("permission denied");
  }
  await client.end();
  await fresh.drop();
});
