import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { onDatabase, templateDatabase } from "./database-names.ts";
import { setTestClock } from "./test-clock.ts";

/** A database of one test file, migrated. */
export interface TestDatabase {
  readonly serviceUrl: string;
  readonly ownerUrl: string;
  readonly superuserUrl: string;
  /** Stops the database's clock at the instant; undefined lets it run. */
  setClock(instant: number | undefined): Promise<void>;
  drop(): Promise<void>;
}

export async function createTestDatabase(options: { readonly migrated?: boolean } = {}): Promise<TestDatabase> {
  const { ownerUrl, serviceUrl, superuserUrl } = inject("postgres");
  const name = `quota_test_${randomBytes(6).toString("hex")}`;
  const owner = pg.escapeIdentifier(new URL(ownerUrl).username);
  const template = options.migrated === false ? "template0" : templateDatabase;
  await administer(superuserUrl, `create database ${name} template ${template} owner ${owner}`);
  // Rights on a database are not copied from its template. Without a schema, the migration is what takes them away.
  if (options.migrated !== false) await administer(superuserUrl, `revoke temporary on database ${name} from public`);
  const ownUrl = onDatabase(ownerUrl, name);
  return {
    serviceUrl: onDatabase(serviceUrl, name),
    ownerUrl: ownUrl,
    superuserUrl: onDatabase(superuserUrl, name),
    setClock: (instant) => setTestClock(ownUrl, instant),
    drop: () => administer(superuserUrl, `drop database if exists ${name} with (force)`),
  };
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
