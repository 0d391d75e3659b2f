import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FailedStart, failToStart } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { databaseState } from "./database-state.ts";
import { escaped, expectRefusal } from "./refusal.ts";

describe("a start with a database that does not let it in", () => {
  let database: TestDatabase;
  let serving: URL;

  const changed = (url: string, change: (url: URL) => void): string => {
    const copy = new URL(url);
    change(copy);
    return copy.href;
  };
  const state = () => databaseState(database.superuserUrl, serving.username);

  function expectNoPassword({ stdout, stderr }: FailedStart, ...urls: readonly string[]): void {
    for (const url of [database.serviceUrl, database.ownerUrl, ...urls]) {
      expect(`${stdout}${stderr}`).not.toContain(new URL(url).password);
    }
  }

  beforeAll(async () => {
    database = await createTestDatabase({ migrated: false });
    serving = new URL(database.serviceUrl);
  });

  afterAll(async () => {
    await database.drop();
  });

  it("names the place when nobody listens there", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    server.close();
    await once(server, "close");
    const port = typeof address === "object" ? `${address?.port}` : "";
    const url = changed(database.serviceUrl, (closed) => {
      closed.port = port;
    });
    const place = `database ${serving.pathname.slice(1)} on 127.0.0.1:${port} as ${serving.username}`;
    const failed = await failToStart({ DATABASE_URL: url });
    expectRefusal(failed, new RegExp(`^DATABASE_URL: cannot connect to ${escaped(place)}: .*ECONNREFUSED`));
    expectNoPassword(failed);
  });

  it("gives up on a server that accepts the connection and says nothing", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const url = changed(database.serviceUrl, (mute) => {
      mute.port = typeof address === "object" ? `${address?.port}` : "";
    });
    const failed = await failToStart({ DATABASE_URL: url });
    silent.close();
    expectRefusal(failed, /^DATABASE_URL: cannot connect to database .*: timeout expired$/);
    expectNoPassword(failed);
  });

  it("says that the password is wrong, and keeps it to itself", async () => {
    const url = changed(database.serviceUrl, (wrong) => {
      wrong.password = "hush-hush";
    });
    const failed = await failToStart({ DATABASE_URL: url, DATABASE_OWNER_URL: database.ownerUrl });
    expectRefusal(failed, /^DATABASE_URL: cannot connect to database .*: password authentication failed for user "/);
    expectNoPassword(failed, url);
  });

  it("says that the owner's password is wrong, and changes nothing", async () => {
    const unchanged = await state();
    const url = changed(database.ownerUrl, (wrong) => {
      wrong.password = "hush-hush";
    });
    const failed = await failToStart({ DATABASE_URL: database.serviceUrl, DATABASE_OWNER_URL: url });
    expectRefusal(failed, /^DATABASE_OWNER_URL: cannot connect to database .*: password authentication failed/);
    expectNoPassword(failed, url);
    expect(await state()).toEqual(unchanged);
  });

  it("says that there is no such database", async () => {
    const url = changed(database.serviceUrl, (missing) => {
      missing.pathname = "/quota_test_missing";
    });
    const failed = await failToStart({ DATABASE_URL: url });
    expectRefusal(failed, /^DATABASE_URL: cannot connect to .*: database "quota_test_missing" does not exist$/);
    expectNoPassword(failed);
  });
});
