import pg from "pg";
import { migrate } from "../../src/infrastructure/database/migration/migrate.ts";
import { startEmbeddedPostgres } from "../../src/infrastructure/embedded-postgres/start.ts";
import { parentOf } from "../measure/processes.ts";

/** A database of the bench's server under its three logins. */
export interface BenchDatabase {
  readonly name: string;
  readonly serviceUrl: string;
  readonly ownerUrl: string;
  readonly superuserUrl: string;
}

/**
 * Every name begins with this, since they are dropped without a question. What else lies on the server is let be.
 */
const namePrefix = "quota_bench_";

/** Several services with a pool each, pgbench, and the limiter's pool. Everything else is as a user of the service has it. */
const manyConnections = { max_connections: "200" };

/**
 * Makes each flush wait before it begins, as it would on a slower disk: others who commit meanwhile go with it. 0: the disk
 * as it is.
 */
function slowerFlush(delayUs: number): Readonly<Record<string, string>> {
  return delayUs === 0 ? {} : { commit_delay: String(delayUs), commit_siblings: "0" };
}

/** The embedded PostgreSQL as the service starts it, with databases of the bench's own. */
export class BenchPostgres {
  readonly #server: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
  readonly #admin: pg.Client;
  /** The process of which all backends are children. */
  readonly postmasterId: number;

  private constructor(
    server: Awaited<ReturnType<typeof startEmbeddedPostgres>>,
    admin: pg.Client,
    postmasterId: number,
  ) {
    this.#server = server;
    this.#admin = admin;
    this.postmasterId = postmasterId;
  }

  static async start(dataDir: string, flushDelayUs: number): Promise<BenchPostgres> {
    const settings = { ...manyConnections, ...slowerFlush(flushDelayUs) };
    const server = await startEmbeddedPostgres({ dataDir, settings, log: () => undefined });
    const admin = new pg.Client({ connectionString: server.superuserUrl, application_name: "quota bench" });
    await admin.connect();
    const [row] = await rowsOf<{ pid: number }>(admin, "select pg_backend_pid() as pid");
    // A connection's process is a child of the postmaster.
    return new BenchPostgres(server, admin, parentOf(row?.pid ?? 0));
  }

  /** A query as the superuser, on the database `postgres`. */
  async query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return await rowsOf<Row>(this.#admin, sql, values);
  }

  /** A database of this short name, whether or not it exists. */
  database(shortName: string): BenchDatabase {
    const name = `${namePrefix}${shortName}`;
    const { serviceUrl, ownerUrl, superuserUrl } = this.#server;
    return {
      name,
      serviceUrl: onDatabase(serviceUrl, name),
      ownerUrl: onDatabase(ownerUrl, name),
      superuserUrl: onDatabase(superuserUrl, name),
    };
  }

  /** Anew, migrated. */
  async createMigrated(shortName: string): Promise<BenchDatabase> {
    const database = await this.create(shortName);
    await migrate(database.ownerUrl, new URL(database.serviceUrl).username);
    return database;
  }

  /** Anew, as a copy of another one, to which nobody may be connected. */
  async create(shortName: string, template?: BenchDatabase): Promise<BenchDatabase> {
    const database = this.database(shortName);
    await this.drop(shortName);
    const owner = pg.escapeIdentifier(new URL(database.ownerUrl).username);
    await this.query(`create database ${database.name} template ${template?.name ?? "template0"} owner ${owner}`);
    // Rights on a database are not copied from its template, and the service refuses one in which everybody may create.
    await this.query(`revoke temporary on database ${database.name} from public`);
    return database;
  }

  async drop(shortName: string): Promise<void> {
    await this.query(`drop database if exists ${this.database(shortName).name} with (force)`);
  }

  async stop(): Promise<void> {
    await this.#admin.end();
    await this.#server.stop();
  }
}

/** Runs work on one connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "quota bench" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function rowsOf<Row>(client: pg.Client, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const { rows } = await client.query(sql, [...values]);
  return rows as Row[];
}

function onDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
