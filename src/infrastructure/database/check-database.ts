import pg from "pg";
import { withStartConnection } from "./connect-at-start.ts";
import { checkIsolation } from "./isolation/check-isolation.ts";
import { grantOptionsVersion, newerSchema } from "./migration/migrate.ts";
import { compareSchema } from "./migration/schema-versions.ts";
import { migrationTable } from "./orm.ts";
import { readerRole, servingRoles } from "./roles.ts";
import { StartError } from "./start-error.ts";

/** PostgreSQL 15 is the oldest with the privileges that the schema relies on. */
const serverVersionMin = 150_000;

/** What a version's number is to its major version. */
const versionsPerMajor = 10_000;

interface LoginFacts {
  readonly login: string;
  readonly begins_as: string;
  readonly version: number;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly read_only: string;
  readonly encoding: string;
  readonly superuser: boolean;
  readonly bypasses: boolean;
  readonly replicates: boolean;
  readonly creates_roles: boolean;
  readonly inherits: boolean;
  readonly would_inherit: boolean;
  readonly owns_database: boolean;
  readonly owned_table: string | null;
}

/** False where there is no such role. */
const hasRoleSql = (role: string, privilege: "MEMBER" | "USAGE") =>
  `coalesce(pg_has_role(to_regrole('${role}'), '${privilege}'), false)`;

const factsSql = `
  select session_user as login, current_user as begins_as, current_setting('server_version_num')::int as version,
    current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
    current_setting('transaction_read_only') as read_only, current_setting('server_encoding') as encoding,
    r.rolsuper as superuser, r.rolbypassrls as bypasses,
    r.rolreplication as replicates, r.rolcreaterole as creates_roles,
    ${servingRoles.map((role) => hasRoleSql(role, "USAGE")).join(" or ")} as inherits,
    r.rolinherit and current_setting('server_version_num')::int < ${grantOptionsVersion} as would_inherit,
    (select pg_has_role(d.datdba, 'USAGE') from pg_database d where d.datname = current_database()) as owns_database,
    (select min(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relname like 'quota\\_%' and n.nspname = any (current_schemas(false))
        and pg_has_role(c.relowner, 'USAGE')) as owned_table
  from pg_roles r where r.rolname = session_user`;

/**
 * Refuses a server or login with which the promises would not hold: writes that a crash may lose, a login that row
 * level security does not bind. Comes before migrating, and changes nothing.
 *
 * @returns the name of the serving login
 * @throws StartError in one line that says what to do
 */
export async function checkServer(servingUrl: string): Promise<string> {
  return await withStartConnection("DATABASE_URL", servingUrl, async (client) => {
    const { rows } = await client.query<LoginFacts>(factsSql);
    if (rows[0] === undefined) throw new StartError("DATABASE_URL: the server does not know its own login");
    const problem = serverProblem(rows[0]) ?? loginProblem(rows[0]);
    if (problem !== undefined) throw new StartError(`DATABASE_URL: ${problem}`);
    return rows[0].login;
  });
}

/**
 * Refuses a database whose schema is not the one of this code, or would not keep tenants apart.
 *
 * @throws StartError in a line for each defect, which says what to do
 */
export async function checkSchema(servingUrl: string): Promise<void> {
  await withStartConnection("DATABASE_URL", servingUrl, async (client) => {
    await compareWithCode(client);
    await checkIsolation(client);
  });
}

function serverProblem(facts: LoginFacts): string | undefined {
  if (facts.version < serverVersionMin) {
    return `PostgreSQL 15 or newer is needed, the server is ${Math.floor(facts.version / versionsPerMajor)}`;
  }
  for (const name of ["fsync", "full_page_writes"] as const) {
    if (facts[name] !== "on") {
      return `the server runs with ${name} = ${facts[name]}, a crash could lose acknowledged events; set it to on`;
    }
  }
  if (facts.encoding !== "UTF8") {
    return `the database's encoding is ${facts.encoding}, and texts need UTF8; create it with encoding 'UTF8' template template0`;
  }
  return facts.read_only === "on" ? "the server is read-only, most likely a standby; name the primary" : undefined;
}

function loginProblem(facts: LoginFacts): string | undefined {
  const login = `login ${facts.login}`;
  const name = pg.escapeIdentifier(facts.login);
  if (facts.begins_as !== facts.login) {
    return `${login} begins as the role ${facts.begins_as}; as a superuser run: alter role ${name} reset role`;
  }
  if (facts.superuser) {
    return `${login} is a superuser, whom row level security does not bind; use a login without rights`;
  }
  if (facts.bypasses) return `${login} has BYPASSRLS; use a login without rights`;
  if (facts.replicates) return `${login} has REPLICATION, which reads every row; use a login without rights`;
  if (facts.creates_roles) return `${login} has CREATEROLE, and could grant itself rights; use a login without rights`;
  if (facts.owns_database || facts.owned_table !== null) {
    const owned = facts.owned_table === null ? "the database" : `table ${facts.owned_table}`;
    return `${login} owns ${owned}; use a login that owns nothing, and give the owner as DATABASE_OWNER_URL`;
  }
  if (facts.would_inherit) {
    return `${login} inherits the rights of its roles; as a superuser run: alter role ${name} noinherit`;
  }
  if (facts.inherits) {
    const grant = `grant ${servingRoles.join(", ")} to ${name} with inherit false`;
    return `${login} inherits the rights of ${servingRoles.join(" or ")}; as who granted them run: ${grant}`;
  }
  return undefined;
}

async function compareWithCode(client: pg.Client): Promise<void> {
  const migrateHint = "run: DATABASE_URL=… DATABASE_OWNER_URL=… npm run migrate";
  const { rows: tables } = await client.query<{ readonly present: boolean; readonly member: boolean }>(
    `select to_regclass($1) is not null as present,
      ${servingRoles.map((role) => hasRoleSql(role, "MEMBER")).join(" and ")} as member`,
    [migrationTable],
  );
  if (tables[0]?.present !== true) throw new StartError(`DATABASE_URL: the database has no schema yet; ${migrateHint}`);
  if (!tables[0].member) {
    throw new StartError(`DATABASE_URL: its login is not a member of ${servingRoles.join(" and ")}; ${migrateHint}`);
  }
  const executed = await readExecuted(client);
  const schema = compareSchema(executed);
  if (schema.state === "ahead") throw newerSchema(schema.unknown);
  if (schema.state === "behind") {
    throw new StartError(`DATABASE_URL: the schema lacks ${schema.missing.join(", ")}; ${migrateHint}`);
  }
}

async function readExecuted(client: pg.Client): Promise<string[]> {
  await client.query("begin");
  await client.query(`set local role ${readerRole}`);
  const { rows } = await client.query<{ readonly name: string }>(`select name from ${migrationTable}`);
  await client.query("commit");
  return rows.map((row) => row.name);
}
