import { afterEach, beforeEach, expect, it } from "vitest";
import { failToStart } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { query } from "./database-state.ts";
import { exactly, expectRefusal } from "./refusal.ts";

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
});

afterEach(async () => {
  await database.drop();
});

/** LATIN1 has no emoji: a call with one in its metadata would fail for a reason that is not the caller's. */
it.each(["LATIN1", "SQL_ASCII"])("a start refuses a database in %s, and changes nothing", async (encoding) => {
  const other = `${new URL(database.superuserUrl).pathname.slice(1)}_${encoding.toLowerCase()}`;
  const inOther = (url: string) => Object.assign(new URL(url), { pathname: `/${other}` }).href;
  await query(database.superuserUrl, `create database ${other} template template0 encoding '${encoding}' locale 'C'`);
  try {
    const env = { DATABASE_URL: inOther(database.serviceUrl), DATABASE_OWNER_URL: inOther(database.ownerUrl) };
    const reason =
      `DATABASE_URL: the database's encoding is ${encoding}, and texts need UTF8; ` +
      "create it with encoding 'UTF8' template template0";
    expectRefusal(await failToStart(env), exactly(reason));
    const tables = "select count(*)::int as tables from pg_tables where schemaname = 'public'";
    expect(await query(inOther(database.superuserUrl), tables)).toEqual([{ tables: 0 }]);
  } finally {
    await query(database.superuserUrl, `drop database ${other} with (force)`);
  }
});
