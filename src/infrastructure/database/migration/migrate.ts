import pg from "pg";
import { reasonOf, withStartConnection } from "../connect-at-start.ts";
import { codeOf } from "../database-errors.ts";
import { migrationTable, openOrm } from "../orm.ts";
import { servingRoles } from "../roles.ts";
import { StartError } from "../start-error.ts";
import { compareSchema } from "./schema-versions.ts";

/** Any number that nobody else on the database uses; MikroORM's migrator has no lock of its own. */
const migrationLock = 7_310_564_113_902n;

/** One connection runs the migrations; nothing else uses this pool. */
const migrationPoolMax = 1;

/** SQLSTATE insufficient_privilege. */
const missingRight = "42501";

/** Since PostgreSQL 16 a grant says whether its rights are inherited; before, the member's own NOINHERIT does. */
export const grantOptionsVersion = 160_000;

/**
 * Brings the schema up to date as its owner, lets the serving login take on its roles, and lets nobody else create things
 * beside it. Processes that start at once wait for each other.
 *
 * @param servingLogin the name of the role that the service logs in as
 * @returns the names of the migrations that were run
 * @throws StartError when the schema is newer than this code, or the owner lacks a right
 */
export async function migrate(ownerUrl: string, servingLogin: string): Promise<readonly string[]> {
  return await withStartConnection("DATABASE_OWNER_URL", ownerUrl, async (lock) => {
    await lock.query("select pg_advisory_lock($1)", [migrationLock]);
    await refuseNewerSchema(lock);
    const executed = await runMigrations(ownerUrl);
    await grantRoles(lock, servingLogin);
    await revokeCreation(lock);
    return executed;
  });
}

async function refuseNewerSchema(client: pg.Client): Promise<void> {
  const { rows: tables } = await client.query("select to_regclass($1) as table", [migrationTable]);
  if (tables[0]?.table === null) return;
  const { rows } = await client.query<{ readonly name: string }>(`select name from ${migrationTable}`);
  const schema = compareSchema(rows.map((row) => row.name));
  if (schema.state === "ahead") throw newerSchema(schema.unknown);
}

export function newerSchema(unknown: readonly string[]): StartError {
  const names = unknown.join(", ");
  return new StartError(
    `the database's schema is newer than this version of the service: it has ${names}; start a newer version`,
  );
}

async function runMigrations(ownerUrl: string): Promise<string[]> {
  const orm = await openOrm(ownerUrl, migrationPoolMax);
  try {
    const executed = await orm.migrator.up();
    return executed.map((migration) => migration.name);
  } catch (error) {
    if (codeOf(error) !== missingRight) throw error;
    const needs = "it must own the database and may need CREATEROLE";
    throw new StartError(`DATABASE_OWNER_URL: its login may not migrate (${reasonOf(error)}); ${needs}`, {
      cause: error,
    });
  } finally {
    await orm.close(true);
  }
}

/** Membership alone: rights that the login inherited would let a transaction through that forgot its role. */
async function grantRoles(client: pg.Client, servingLogin: string): Promise<void> {
  const { rows } = await client.query<{ readonly role: string; readonly options: string }>(
    `select role, case when current_setting('server_version_num')::int >= ${grantOptionsVersion}
        then ' with inherit false' else '' end as options
      from unnest($2::text[]) as role
      where not pg_has_role($1::name, role::name, 'MEMBER')`,
    [servingLogin, servingRoles],
  );
  for (const { role, options } of rows) {
    const grant = `grant ${role} to ${pg.escapeIdentifier(servingLogin)}${options}`;
    await client.query(grant).catch((error: unknown) => {
      if (codeOf(error) !== missingRight) throw error;
      const reason = `its login may not grant a role that another one has created (${reasonOf(error)})`;
      throw new StartError(`DATABASE_OWNER_URL: ${reason}; as a superuser run: ${grant}`, { cause: error });
    });
  }
}

/**
 * In a new database everybody may create temporary tables, and in one that was upgraded from before 15 tables in `public` as
 * well. One of the service's names would stand in for the real table in all later transactions on the same connection. Where
 * the owner may not revoke it, PostgreSQL only warns; the check that follows says so.
 */
async function revokeCreation(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ readonly revoke: string }>(
    `select format('revoke create, temporary on database %I from public', current_database()) as revoke
      from pg_database d where datname = current_database() and exists (
        select from aclexplode(coalesce(datacl, acldefault('d', datdba)))
        where grantee = 0 and privilege_type in ('CREATE', 'TEMPORARY'))
    union all
    select format('revoke create on schema %I from public', nspname)
      from pg_namespace where nspname = current_schema() and exists (
        select from aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
        where grantee = 0 and privilege_type = 'CREATE')`,
  );
  for (const { revoke } of rows) {
    await client.query(revoke).catch((error: unknown) => {
      if (codeOf(error) !== missingRight) throw error;
    });
  }
}
