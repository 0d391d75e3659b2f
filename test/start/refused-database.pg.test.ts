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

describe.each([
  ["quota_usage_event", "usage events are immutable"],
  ["quota_control_change", "changes of the control plane are immutable"],
])("a start refuses the table %s, whose rows stay as they are,", (table, complaint) => {
  const body = `begin raise exception '${complaint}' using errcode = 'restrict_violation'; end;`;
  const triggers = [
    ["immutable", "update or delete"],
    ["immutable_truncate", "truncate"],
  ] as const;
  const createFunction = `create or replace function "${table}_immutable_fn"() returns trigger as $$ ${body} $$ language plpgsql`;
  const create = (name_: string, events: string) =>
    `${createFunction}; create trigger "${name_}" before ${events} on "${table}" for each statement execute function "${table}_immutable_fn"()`;
  const other = (name_: string, remedy: string) =>
    `trigger ${name_} of table ${table}, which keeps its rows as they are, is not this version's; as its owner run: ${remedy}`;

  it.each(triggers)("without the trigger %s", async (name_, events) => {
    const remedy = create(name_, events);
    await expectDefects(`drop trigger ${name_} on ${table}`, remedy, [
      `table ${table} lacks the trigger ${name_}, which keeps its rows as they are; as its owner run: ${remedy}`,
    ]);
  });

  it.each(triggers)("with the trigger %s disabled, or in force under replication alone", async (name_) => {
    const remedy = `alter table "${table}" enable trigger "${name_}"`;
    for (const disable of [`disable trigger ${name_}`, `enable replica trigger ${name_}`, "disable trigger user"]) {
      const disabled = disable.endsWith("user") ? triggers.map(([each]) => each) : [name_];
      await expectDefects(
        `alter table ${table} ${disable}`,
        `alter table ${table} enable trigger user`,
        disabled.map(
          (each) =>
            `trigger ${each} of table ${table}, which keeps its rows as they are, is disabled; as its owner run: ` +
            remedy.replace(name_, each),
        ),
      );
    }
  });

  it.each([
    ["for fewer statements", "before update on T for each statement"],
    ["for rows", "before update or delete on T for each row"],
    ["of one column", "before update of created_at or delete on T for each statement"],
    ["under a condition", "before update or delete on T for each statement when (current_user <> 'support')"],
    ["too late", "after update or delete on T for each statement"],
  ])("with a trigger %s", async (_, definition) => {
    const remedy = `drop trigger "immutable" on "${table}"; ${create("immutable", "update or delete")}`;
    const spoilt = `create trigger immutable ${definition.replace("T", table)} execute function ${table}_immutable_fn()`;
    await expectDefects(`drop trigger immutable on ${table}; ${spoilt}`, remedy, [other("immutable", remedy)]);
  });

  it("with triggers whose function lets pass", async () => {
    const remedies = triggers.map(
      ([name_, events]) => `drop trigger "${name_}" on "${table}"; ${create(name_, events)}`,
    );
    await expectDefects(
      `create or replace function ${table}_immutable_fn() returns trigger as $$ begin return null; end; $$ language plpgsql`,
      remedies.join("; "),
      triggers.map(([name_], index) => other(name_, remedies[index] ?? "")),
    );
  });
});

describe("a start refuses a login", () => {
  it("with rights of its own, or everybody's", async () => {
    for (const holder of [login, "public"]) {
      const defect =
        `login ${login} has rights of its own on table quota_usage_event (SELECT); as its owner run: ` +
        `revoke SELECT on "quota_usage_event" from public, "${login}"`;
      // Everybody's is also that of the one role that has nothing to read there.
      const ofAuth =
        'role quota_auth has too many rights on table quota_usage_event (SELECT); as its owner run: revoke SELECT on "quota_usage_event" from public, "quota_auth"';
      await expectDefects(
        `grant select on quota_usage_event to ${holder}`,
        `revoke SELECT on "quota_usage_event" from public, "${login}"`,
        holder === "public" ? [defect, ofAuth] : [defect],
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
    ["quota_app", "TRUNCATE", "quota_usage_refusal"],
    ["quota_app", "REFERENCES", "quota_usage_refusal"],
    ["quota_reader", "DELETE", "quota_usage_refusal"],
    ["quota_auth", "DELETE", "quota_usage_refusal"],
    ["quota_app", "UPDATE", "quota_usage_event"],
    ["quota_app", "UPDATE (amount), UPDATE (usage_after)", "quota_usage_event"],
    ["quota_app", "DELETE", "quota_usage_event"],
    ["quota_app", "MAINTAIN", "quota_usage_event"],
    ["quota_app", "DELETE, UPDATE", "quota_control_change"],
    ["quota_app", "SELECT (prefix)", "quota_api_key"],
    ["quota_reader", "SELECT", "quota_setting"],
    ["quota_reader", "INSERT", "quota_plan"],
    ["quota_auth", "SELECT", "quota_setting"],
    ["quota_auth", "DELETE", "quota_api_key"],
    ["quota_auth", "UPDATE (prefix)", "quota_api_key"],
  ])("that may become %s with %s on %s", async (role, right, table) => {
    const revoke = `revoke ${right} on "${table}" from public, "${role}"`;
    const defect = `role ${role} has too many rights on table ${table} (${right}); as its owner run: ${revoke}`;
    await expectDefects(`grant ${right} on ${table} to ${role}`, revoke, [defect]);
  });

  it("that may become a role which changes every column of keys, where it should change two", async () => {
    const revoke = 'revoke UPDATE on "quota_api_key" from public, "quota_auth"';
    const list = "UPDATE (last_used_at), UPDATE (revoked_at)";
    const grant = `grant ${list} on "quota_api_key" to "quota_auth"`;
    await expectDefects("grant update on quota_api_key to quota_auth", `${revoke}; ${grant}`, [
      `role quota_auth has too many rights on table quota_api_key (UPDATE); as its owner run: ${revoke}`,
      `role quota_auth lacks rights on table quota_api_key (${list}); as its owner run: ${grant}`,
    ]);
  });

  it("that may become a role without what the service needs", async () => {
    const grant = 'grant INSERT on "quota_usage_event" to "quota_app"';
    await expectDefects("revoke insert on quota_usage_event from quota_app", grant, [
      `role quota_app lacks rights on table quota_usage_event (INSERT); as its owner run: ${grant}`,
    ]);
  });

  it("that may become a role which sees through a view, past row level security", async () => {
    await expectDefects(
      "create view quota_report as select * from quota_usage_event; grant select on quota_report to quota_app",
      "drop view quota_report",
      [
        'role quota_app has too many rights on table quota_report (SELECT); as its owner run: revoke SELECT on "quota_report" from public, "quota_app"',
      ],
    );
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
