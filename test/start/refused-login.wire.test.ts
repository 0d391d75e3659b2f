import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failToStart } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { databaseState, query } from "./database-state.ts";
import { exactly, expectRefusal } from "./refusal.ts";
import { TestLogins } from "./test-logins.ts";

/** Each would see or change more than the tenants that a transaction names. */
describe("a start with a login that row level security would not bind", () => {
  let database: TestDatabase;
  let logins: TestLogins;

  const owner = () => pg.escapeIdentifier(new URL(database.ownerUrl).username);

  /** With the owner at hand, who could create the schema: nothing may be touched before the login was looked at. */
  async function expectRefused(login: string, reason: string): Promise<void> {
    const unchanged = await databaseState(database.superuserUrl, login);
    const env = { DATABASE_URL: logins.urlOf(login, database.serviceUrl), DATABASE_OWNER_URL: database.ownerUrl };
    const failed = await failToStart(env);
    expectRefusal(failed, exactly(`DATABASE_URL: login ${login} ${reason}`));
    expect(`${failed.stdout}${failed.stderr}`).not.toContain(logins.password);
    expect(await databaseState(database.superuserUrl, login)).toEqual(unchanged);
  }

  beforeAll(async () => {
    database = await createTestDatabase({ migrated: false });
    logins = new TestLogins();
  });

  afterAll(async () => {
    await database.drop();
    await logins.drop();
  });

  it("refuses a superuser", async () => {
    const reason = "is a superuser, whom row level security does not bind; use a login without rights";
    await expectRefused(await logins.create("superuser"), reason);
  });

  it("refuses a login with BYPASSRLS", async () => {
    await expectRefused(await logins.create("bypassrls"), "has BYPASSRLS; use a login without rights");
  });

  it("refuses a login that inherits the database's owner", async () => {
    const reason = "owns the database; use a login that owns nothing, and give the owner as DATABASE_OWNER_URL";
    await expectRefused(await logins.create(`inherit in role ${owner()}`), reason);
  });

  it("refuses the database's owner", async () => {
    const login = await logins.create("noinherit");
    const name = new URL(database.superuserUrl).pathname.slice(1);
    await query(database.superuserUrl, `alter database ${name} owner to ${login}`);
    const reason = "owns the database; use a login that owns nothing, and give the owner as DATABASE_OWNER_URL";
    await expectRefused(login, reason);
    await query(database.superuserUrl, `alter database ${name} owner to ${owner()}`);
  });

  it("refuses the owner of one of the service's tables", async () => {
    const login = await logins.create("noinherit");
    await query(database.superuserUrl, "create table quota_usage_event (id uuid)");
    await query(database.superuserUrl, `alter table quota_usage_event owner to ${login}`);
    const reason =
      "owns table quota_usage_event; use a login that owns nothing, and give the owner as DATABASE_OWNER_URL";
    await expectRefused(login, reason);
    await query(database.superuserUrl, "drop table quota_usage_event");
  });

  it.each(["quota_app", "quota_reader", "quota_auth"])(
    "refuses a login that inherits %s, and names a way out",
    async (role) => {
      const login = await logins.create("inherit");
      await query(database.superuserUrl, `grant ${role} to ${login}`);
      const remedy = `grant quota_app, quota_reader, quota_auth to "${login}" with inherit false`;
      const reason = `inherits the rights of quota_app or quota_reader or quota_auth; as who granted them run: ${remedy}`;
      await expectRefused(login, reason);
      // What it asks for is what lets it in: the next obstacle is the schema that is missing.
      await query(database.superuserUrl, remedy);
      const failed = await failToStart({ DATABASE_URL: logins.urlOf(login, database.serviceUrl) });
      expectRefusal(failed, /^DATABASE_URL: the database has no schema yet; /);
    },
  );
});
