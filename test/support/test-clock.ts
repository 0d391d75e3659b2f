import pg from "pg";
import type { DatabaseClock } from "../../src/infrastructure/database/database-clock.ts";

/**
 * A clock in the database that tests set: stopped at an instant, or, when none is set, PostgreSQL's own. All processes and
 * connections see the same one, as they do with the real clock. Like that, it goes on within a statement: a volatile
 * function reads with a snapshot of its own.
 */
export const testClock: DatabaseClock = {
  nowSql: "test_clock_now()",
  floorSql: "coalesce((select stopped_at from test_clock), statement_timestamp())",
};

export async function createTestClock(ownerUrl: string): Promise<void> {
  await withClient(ownerUrl, async (client) => {
    await client.query("create table test_clock (stopped_at timestamptz)");
    await client.query("insert into test_clock values (null)");
    await client.query(`create function test_clock_now() returns timestamptz volatile language plpgsql as
      $$ begin return coalesce((select stopped_at from test_clock), clock_timestamp()); end $$`);
    await client.query("grant select on test_clock to quota_app, quota_reader, quota_auth");
  });
}

/** Stops the clock at the instant; undefined lets it run again. */
export async function setTestClock(ownerUrl: string, instant: number | undefined): Promise<void> {
  const stoppedAt = instant === undefined ? null : new Date(instant).toISOString();
  await withClient(ownerUrl, (client) => client.query("update test_clock set stopped_at = $1", [stoppedAt]));
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
