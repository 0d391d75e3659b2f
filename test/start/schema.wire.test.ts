import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrations } from "../../migrations/migrations.ts";
import { type FailedStart, failToStart, type ServerProcess } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { databaseState, query, rolesOf, withOpenTransaction } from "./database-state.ts";
import { escaped, expectRefusal } from "./refusal.ts";
import { RunningServers } from "./running-servers.ts";
import { TestLogins } from "./test-logins.ts";

const oldest = migrations[0]?.name ?? "";
const newest = migrations.at(-1)?.name ?? "";
const command = "run: DATABASE_URL=… DATABASE_OWNER_URL=… npm run migrate";
const allRoles = [
  { role: "quota_app", inherited: false },
  { role: "quota_auth", inherited: false },
  { role: "quota_reader", inherited: false },
];

/** Starts that are expected to refuse, and to leave the database as it was. */
async function expectUnchanged(database: TestDatabase, start: () => Promise<FailedStart>, reason: RegExp) {
  const { superuserUrl, serviceUrl } = database;
  const state = () => databaseState(superuserUrl, new URL(serviceUrl).username);
  const unchanged = await state();
  expectRefusal(await start(), reason);
  expect(await state()).toEqual(unchanged);
}

function migratedBy(...servers: readonly ServerProcess[]): number {
  return servers.filter((server) => server.output().includes("migrated the database")).length;
}

describe("a start on a database without a schema", () => {
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

  it("names the command to run when it does not know the owner", async () => {
    const start = () => failToStart({ DATABASE_URL: database.serviceUrl });
    const reason = new RegExp(`^DATABASE_URL: the database has no schema yet; ${escaped(command)}$`);
    await expectUnchanged(database, start, reason);
  });

  it("refuses an owner of another database before it migrates either", async () => {
    const other = await createTestDatabase({ migrated: false });
    const start = () => failToStart({ DATABASE_URL: database.serviceUrl, DATABASE_OWNER_URL: other.ownerUrl });
    const reason = /^DATABASE_OWNER_URL: database quota_test_\w+ on .* is not the database of DATABASE_URL, /;
    const unchanged = await databaseState(other.superuserUrl, "");
    await expectUnchanged(database, start, reason);
    expect(await databaseState(other.superuserUrl, "")).toEqual(unchanged);
    await other.drop();
  });

  it("refuses an owner's login that may not migrate", async () => {
    const powerless = logins.urlOf(await logins.create("noinherit"), database.ownerUrl);
    const start = () => failToStart({ DATABASE_URL: database.serviceUrl, DATABASE_OWNER_URL: powerless });
    const reason = /^DATABASE_OWNER_URL: its login may not migrate \(permission denied .*\); it must own the database/;
    await expectUnchanged(database, start, reason);
  });

  it("migrates as the owner, two starts at once as well, and grants the serving login its roles", async () => {
    // Not even NOINHERIT: what PostgreSQL makes of "create role … login" by itself.
    const login = await logins.create("");
    const url = logins.urlOf(login, database.serviceUrl);
    const env = { DATABASE_URL: url, DATABASE_OWNER_URL: database.ownerUrl };
    const starts: Promise<ServerProcess>[] = [];
    // Nobody can create the table that records migrations until both have come that far.
    await withOpenTransaction(database.superuserUrl, "create table quota_migration ()", async (othersWait) => {
      starts.push(running.start(env), running.start(env));
      await othersWait(starts.length);
    });
    const servers = await Promise.all(starts);
    expect(migratedBy(...servers)).toBe(1);
    expect(await rolesOf(database.superuserUrl, login)).toEqual(allRoles);
    expect(await Promise.all(servers.map((server) => server.end()))).toEqual([0, 0]);

    const later = await running.start({ DATABASE_URL: url });
    expect(migratedBy(later)).toBe(0);
    expect(await later.end()).toBe(0);
  });

  it("says what PostgreSQL said in one line when it refuses the first work after the checks", async () => {
    await query(database.superuserUrl, "alter table quota_setting rename column value to worth");
    const { serviceUrl, ownerUrl } = database;
    const failed = await failToStart({ DATABASE_URL: serviceUrl, DATABASE_OWNER_URL: ownerUrl });
    expectRefusal(failed, /^the database failed during the start: .*column .*value.* does not exist$/);
  });
});

describe("a start on a database with another version's schema", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it.each(["without", "with"])("refuses one that is newer, %s the owner", async (way) => {
    await query(database.superuserUrl, "insert into quota_migration (name) values ('29991231-newer')");
    const { serviceUrl, ownerUrl } = database;
    const start = () =>
      failToStart({ DATABASE_URL: serviceUrl, ...(way === "with" ? { DATABASE_OWNER_URL: ownerUrl } : {}) });
    const reason = /^the database's schema is newer than this version of the service: it has 29991231-newer; /;
    await expectUnchanged(database, start, reason);
    await query(database.superuserUrl, "delete from quota_migration where name = '29991231-newer'");
  });

  it("names what is missing and the command to run when it is older and the owner is not known", async () => {
    await query(database.superuserUrl, "delete from quota_migration where name = $1", [newest]);
    const start = () => failToStart({ DATABASE_URL: database.serviceUrl });
    const reason = new RegExp(`^DATABASE_URL: the schema lacks ${escaped(newest)}; ${escaped(command)}$`);
    await expectUnchanged(database, start, reason);
  });

  it("says what PostgreSQL said in one line when a migration fails", async () => {
    // The migration is not on record, and its tables are there.
    const { serviceUrl, ownerUrl, superuserUrl } = database;
    await query(superuserUrl, "delete from quota_migration where name = $1", [oldest]);
    const start = () => failToStart({ DATABASE_URL: serviceUrl, DATABASE_OWNER_URL: ownerUrl });
    await expectUnchanged(database, start, /^DATABASE_OWNER_URL: .* failed: relation "\w+" already exists$/);
  });
});
