import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { locateBinaries } from "../../src/infrastructure/embedded-postgres/binaries.ts";
import { openDataFolder } from "../../src/infrastructure/embedded-postgres/data-folder.ts";
import { chooseRunAs } from "../../src/infrastructure/embedded-postgres/run-as.ts";
import { ServerProcess as PostgresProcess } from "../../src/infrastructure/embedded-postgres/server-process.ts";
import { serverArguments } from "../../src/infrastructure/embedded-postgres/settings.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/infrastructure/embedded-postgres/start.ts";
import { failToStart } from "../support/server-process.ts";
import { databaseState } from "./database-state.ts";
import { DataDirectory } from "./own-postgres.ts";
import { exactly, expectRefusal } from "./refusal.ts";

const readyTimeoutMs = 20_000;

describe("a start on a PostgreSQL whose crash could lose acknowledged events", () => {
  let directory: DataDirectory;
  let urls: EmbeddedPostgres;
  let log: FileHandle;
  let running: PostgresProcess | undefined;

  beforeAll(async () => {
    directory = await DataDirectory.create();
    urls = await startEmbeddedPostgres({ dataDir: directory.path, log: () => undefined });
    await urls.stop();
    log = await open(join(directory.path, "test.log"), "a");
  });

  afterEach(async () => {
    await running?.stop();
  });

  afterAll(async () => {
    await log.close();
    await directory.remove();
  });

  /** The embedded server does not let these be set, so its program is started by hand. */
  async function startPostgres(setting: string): Promise<void> {
    const folder = await openDataFolder(directory.path);
    const binaries = await locateBinaries();
    const runAs = await chooseRunAs(folder, binaries);
    const settings = [...serverArguments(folder.cluster, Number(new URL(urls.serviceUrl).port), {}), "-c", setting];
    running = new PostgresProcess(binaries, runAs, settings, log);
    expect(await running.becomesReady(folder.cluster, readyTimeoutMs)).toBe(true);
  }

  it.each(["fsync", "full_page_writes"])("is refused when %s is off, and changes nothing", async (name) => {
    await startPostgres(`${name}=off`);
    const superuserUrl = await directory.superuserUrl();
    const state = () => databaseState(superuserUrl, new URL(urls.serviceUrl).username);
    const unchanged = await state();
    const failed = await failToStart({ DATABASE_URL: urls.serviceUrl, DATABASE_OWNER_URL: urls.ownerUrl });
    const reason = `the server runs with ${name} = off, a crash could lose acknowledged events; set it to on`;
    expectRefusal(failed, exactly(`DATABASE_URL: ${reason}`));
    expect(await state()).toEqual(unchanged);
  });

  it("is refused when the server takes no writes", async () => {
    await startPostgres("default_transaction_read_only=on");
    const failed = await failToStart({ DATABASE_URL: urls.serviceUrl, DATABASE_OWNER_URL: urls.ownerUrl });
    expectRefusal(failed, /^DATABASE_URL: the server is read-only, most likely a standby; name the primary$/);
  });
});
