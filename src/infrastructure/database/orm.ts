import { Migrator } from "@mikro-orm/migrations";
import { MikroORM, type Options } from "@mikro-orm/postgresql";
import { migrations } from "../../../migrations/migrations.ts";
import { entities } from "./entities/all-entities.ts";
import { requireWritten } from "./entities/require-written.ts";
import { TransactionClient } from "./transaction-client.ts";

/** How long a call waits for a free or new connection before it is told that the database is unavailable. */
export const connectTimeoutMs = 5_000;

/**
 * When a query counts as lost with its connection. The server ends statements itself, much earlier; this is for a server or
 * network that has gone silent, and long enough for a migration.
 */
const queryTimeoutMs = 60_000;

export const migrationTable = "quota_migration";

/** What the service's and the migration's connections have in common. */
function ormOptions(url: string, poolMax: number): Options {
  return {
    entities,
    routines: [requireWritten],
    clientUrl: url,
    pool: { min: 0, max: poolMax },
    driverOptions: {
      // Again, because the ORM takes host, port, login and database out of the URL and drops the rest, `sslmode` included.
      connectionString: url,
      Client: TransactionClient,
      application_name: "quota",
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: queryTimeoutMs,
      keepAlive: true,
    },
    extensions: [Migrator],
    migrations: { migrationsList: migrations, tableName: migrationTable, snapshot: false, silent: true },
    logger: () => undefined,
    allowGlobalContext: false,
    ensureDatabase: false,
    forceUtcTimezone: false,
    discovery: { warnWhenNoEntities: false },
  };
}

export async function openOrm(url: string, poolMax: number): Promise<MikroORM> {
  return await MikroORM.init(ormOptions(url, poolMax));
}
