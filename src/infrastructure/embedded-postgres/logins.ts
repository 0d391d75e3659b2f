import pg from "pg";
import type { Credentials } from "./credentials.ts";
import { EmbeddedPostgresError } from "./errors.ts";
import { listenAddress } from "./settings.ts";

const database = "quota";
const superuser = "postgres";
const owner = "quota_owner";
const service = "quota_service";

const connectTimeoutMs = 10_000;

export interface DatabaseUrls {
  readonly ownerUrl: string;
  readonly serviceUrl: string;
  readonly superuserUrl: string;
}

export function databaseUrls(port: number, credentials: Credentials): DatabaseUrls {
  const url = (user: string, password: string, name: string): string =>
    `postgres://${user}:${password}@${listenAddress}:${port}/${name}`;
  return {
    ownerUrl: url(owner, credentials.ownerPassword, database),
    serviceUrl: url(service, credentials.servicePassword, database),
    superuserUrl: url(superuser, credentials.superuserPassword, superuser),
  };
}

/**
 * Creates the two logins and the database where they are missing. Every start asks, because the first one may have
 * been killed between any two of these statements.
 *
 * The serving login owns nothing and inherits nothing, and PUBLIC loses what it has in a new database (CONNECT and
 * TEMPORARY): what the service may do comes from the roles that the migrations grant it, and from nowhere else.
 */
export async function ensureLogins(urls: DatabaseUrls, credentials: Credentials): Promise<void> {
  const client = new pg.Client({
    connectionString: urls.superuserUrl,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: "quota embedded start",
  });
  // Without a listener an error between two statements, such as the server's end, would end this process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    for (const statement of await missingStatements(client, credentials)) {
      await client.query(statement);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbeddedPostgresError(`cannot prepare the embedded database: ${reason}`, { cause });
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function missingStatements(client: pg.Client, credentials: Credentials): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select rolname as name from pg_roles where rolname in ('${owner}', '${service}')
     union all
     select 'database' from pg_database where datname = '${database}'
     union all
     select 'private' from pg_database
     where datname = '${database}'
       and not exists (select from aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0)`,
  );
  const present = new Set(rows.map((row) => row.name));
  const statements: readonly [string, string][] = [
    [owner, `create role ${owner} login createrole password '${credentials.ownerPassword}'`],
    [service, `create role ${service} login noinherit password '${credentials.servicePassword}'`],
    ["database", `create database ${database} owner ${owner}`],
    // One query of two statements is one transaction.
    ["private", `revoke all on database ${database} from public; grant connect on database ${database} to ${service}`],
  ];
  return statements.filter(([name]) => !present.has(name)).map(([, statement]) => statement);
}
