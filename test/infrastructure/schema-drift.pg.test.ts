import pg from "pg";
import { describe, expect, it } from "vitest";
import { openOrm } from "../../src/infrastructure/database/orm.ts";
import { createTestDatabase } from "../support/test-database.ts";

/** Whether the ORM finds the entities and a migrated database apart, after some SQL. */
async function hasDrifted(sql: string): Promise<boolean> {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  // The test's own clock is no part of the schema.
  await client.query("drop function test_clock_now; drop table test_clock");
  await client.query(sql);
  await client.end();
  const orm = await openOrm(database.ownerUrl, 1);
  try {
    return await orm.migrator.checkSchema();
  } finally {
    await orm.close(true);
    await database.drop();
  }
}

describe("entities and migrated database", () => {
  it("agree", async () => {
    expect(await hasDrifted("")).toBe(false);
  });

  it.each([
    ["a policy", "drop policy quota_usage_event_app on quota_usage_event"],
    [
      "the condition of a policy",
      `drop policy quota_usage_event_app on quota_usage_event;
        create policy quota_usage_event_app on quota_usage_event to quota_app using (true)`,
    ],
    ["row level security", "alter table quota_usage_record disable row level security"],
    ["row level security of the owner", "alter table quota_usage_record no force row level security"],
    ["a column", "alter table quota_usage_event drop column requested_plan_code"],
    ["the precision of a column", "alter table quota_usage_refusal alter column last_refused_at type timestamptz(6)"],
    ["a check", "alter table quota_usage_event drop constraint quota_usage_event_time_check"],
    ["a unique constraint", "alter table quota_usage_record drop constraint quota_usage_record_ordinal_key"],
    ["a partial unique index", "drop index quota_usage_event_idempotency_key"],
    ["an index", "drop index quota_usage_event_metric_idx"],
    ["a foreign key", "alter table quota_subscription drop constraint quota_subscription_plan_code_foreign"],
    ["the trigger that keeps events", "drop trigger immutable on quota_usage_event"],
  ])("are told apart when %s is missing", async (_, sql) => {
    expect(await hasDrifted(sql)).toBe(true);
  });
});
