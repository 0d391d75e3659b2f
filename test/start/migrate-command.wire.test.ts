import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrations } from "../../migrations/migrations.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { npm } from "./command.ts";
import { databaseState, rolesOf } from "./database-state.ts";
import { exactly, expectRefusal } from "./refusal.ts";
import { RunningServers } from "./running-servers.ts";
import { TestLogins } from "./test-logins.ts";

async function migrate(env: Readonly<Record<string, string>>) {
  const command = npm(["run", "migrate"], env);
  return { exitCode: await command.ended, stdout: command.output(), stderr: command.errors() };
}

async function expectRefused(env: Readonly<Record<string, string>>, reason: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await migrate(env);
  expectRefusal({ exitCode: Number(exitCode), stderr }, reason);
  expect(stdout).toBe("");
}

describe("npm run migrate", () => {
  let database: TestDatabase;
  let logins: TestLogins;
  const running = new RunningServers();

  beforeAll(async () => {
    database = await createTestDatabase({ migrated: false });
    logins = new TestLogins();
  });

  afterAll(async () => {
    await running.kill();
    await database.drop();
    await logins.drop();
  });

  it("migrates once, says so in one line, and makes the database one that the service starts on", async () => {
    const login = await logins.create("noinherit");
    const url = logins.urlOf(login, database.serviceUrl);
    const env = { DATABASE_URL: url, DATABASE_OWNER_URL: database.ownerUrl };
    const names = migrations.map(({ name }) => name).join(", ");
    expect(await migrate(env)).toEqual({ exitCode: 0, stdout: `quota-service: migrated: ${names}\n`, stderr: "" });
    expect((await rolesOf(database.superuserUrl, login)).map(({ role }) => role)).toEqual([
      "quota_app",
      "quota_auth",
      "quota_reader",
    ]);

    const state = () => databaseState(database.superuserUrl, login);
    const unchanged = await state();
    const nothing = "quota-service: the schema is current, nothing to migrate\n";
    expect(await migrate(env)).toEqual({ exitCode: 0, stdout: nothing, stderr: "" });
    expect(await state()).toEqual(unchanged);
    expect(await (await running.start({ DATABASE_URL: url })).end()).toBe(0);
  });

  it("names the variable that it lacks", async () => {
    const needed = "migrating needs DATABASE_URL and DATABASE_OWNER_URL";
    await expectRefused({}, exactly(`DATABASE_URL is not set: ${needed}`));
    const withoutOwner = { DATABASE_URL: database.serviceUrl };
    await expectRefused(withoutOwner, exactly(`DATABASE_OWNER_URL is not set: ${needed}`));
  });

  it("refuses what a start refuses, in one line", async () => {
    const { ownerUrl, superuserUrl } = database;
    const env = { DATABASE_URL: superuserUrl, DATABASE_OWNER_URL: ownerUrl };
    await expectRefused(env, /^DATABASE_URL: login postgres is a superuser, /);
  });
});
