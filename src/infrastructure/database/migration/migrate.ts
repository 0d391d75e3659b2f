import pg from "pg";
import { withStartConnection } from "../connect-at-start.ts";
import { codeOf } from "../database-errors.ts";
import { migrationTable, openOrm } from "../orm.ts";
import { appRole, readerRole } from "../roles.ts";
import { StartError } from "../start-error.ts";
import { compareSchema } from "./schema-versions.ts";

/** Any number that nobody else on the database uses; MikroORM's migrator has no lock of its own. */
const migrationLock = 7_310_564_113_902n;

/** One connection runs the migrations; nothing else uses this pool. */
const migrationPoolMax = 1;

/**
 * Brings the schema up to date as its owner, and lets the serving login take on the two roles. Processes that start at once
 * wait for each other.
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
  return new StartError(
    `the database's schema is newer than this version of the service: it has ${unknown.join(", ")}; start a newer version`,
  );
}

async function runMigrations(ownerUrl: string): Promise<string[]> {
  const orm = await openOrm(ownerUrl, migrationPoolMax);
  try {
    const executed = await orm.migrator.up();
    return executed.map((migration) => migration.name);
  } catch (error) {
    if (codeOf(error) === "42501") {
      const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
      throw new StartError(
        `DATABASE_OWNER_URL: its login may not migrate (${reason}); it must own the database and may need CREATEROLE`,
      );
    }
    throw error;
  } finally {
    await orm.close(true);
  }
}

async function grantRoles(client: pg.Client, servingLogin: string): Promise<void> {
  for (const role of [appRole, readerRole]) {
    const { rows } = await client.query<{ readonly member: boolean }>(
      "select pg_has_role($1, $2, 'MEMBER') as member from pg_roles where rolname = $1",
      [servingLogin, role],
    );
    if (rows[0] === undefined || rows[0].member) continue;
    await client.query(`grant ${role} to ${pg.escapeIdentifier(servingLogin)}`);
  }
}
