/** What the tests of the embedded PostgreSQL need to watch processes and folders from outside. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import type { ChildMessage } from "./embedded-postgres.child.ts";

export const run = promisify(execFile);
export const checkout = fileURLToPath(new URL("../..", import.meta.url));
export const sourceFolder = "src/infrastructure/embedded-postgres";
export const isRoot = userInfo().uid === 0;

const childScript = fileURLToPath(new URL("embedded-postgres.child.ts", import.meta.url));
const connectTimeoutMs = 5000;

export interface ChildOptions {
  /** The checkout whose code the child runs. */
  readonly checkout?: string;
  readonly nodeOptions?: readonly string[];
  /** Whom the child becomes after it was loaded; only root can become another. */
  readonly userId?: string;
  /** Commands of a shell that run before node does. */
  readonly shell?: string;
}

/** Another service, in a process group of its own, as a shell gives one to each command. */
export class ChildService {
  readonly exitCode: Promise<number | null>;
  readonly #process: ChildProcess;
  readonly #messages: ChildMessage[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(dataDir: string, options: ChildOptions) {
    const startModule = join(options.checkout ?? checkout, sourceFolder, "start.ts");
    const args = [...(options.nodeOptions ?? []), childScript, startModule, dataDir];
    if (options.userId !== undefined && isRoot) {
      args.push(options.userId);
    }
    const command = ["-c", `${options.shell ?? ":"}; exec "$0" "$@"`, process.execPath, ...args];
    const child = spawn("/bin/sh", command, { detached: true, stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    createInterface(child.stdout).on("line", (line) => {
      this.#messages.push(JSON.parse(line));
      this.#wake();
    });
    this.exitCode = once(child, "close").then(([code]) => {
      this.#ended = true;
      this.#wake();
      return code;
    });
  }

  get processId(): number {
    return this.#process.pid ?? Number.NaN;
  }

  said(event: ChildMessage["event"]): boolean {
    return this.#messages.some((message) => message.event === event);
  }

  /** The first message of one of these kinds; rejects when the child ends without one. */
  async until(...events: ChildMessage["event"][]): Promise<ChildMessage> {
    for (;;) {
      const found = this.#messages.find((message) => events.includes(message.event));
      if (found !== undefined) {
        return found;
      }
      if (this.#ended) {
        throw new Error(`the child ended after ${JSON.stringify(this.#messages)}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#process.kill(signal);
  }
}

/** Names, sizes, times, owners and modes of the folder's own entries; empty where there is no folder. */
export async function fingerprint(folder: string): Promise<unknown> {
  const names = await listing(folder);
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs, uid, mode } = await stat(join(folder, name));
      return { name, size, mtimeMs, uid, mode };
    }),
  );
}

export async function listing(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** How many files the initialisation under way has made so far. */
export async function unfinishedFileCount(folder: string): Promise<number> {
  const workspace = (await listing(folder)).find((name) => name.startsWith("initialising-"));
  if (workspace === undefined) {
    return 0;
  }
  const files = await readdir(join(folder, workspace), { recursive: true }).catch(() => []);
  return files.length;
}

/** What postmaster.pid says. */
export async function serverProcessId(folder: string): Promise<number> {
  return Number((await readFile(join(folder, "postgres", "postmaster.pid"), "utf8")).split("\n")[0]);
}

/** The PostgreSQL programs whose command line names something below the folder. */
export async function postgresProcesses(folder: string): Promise<number[]> {
  const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,stat=,args="]);
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, state = "", program = "", ...args]) => {
      const isOurs = /(postgres|initdb)$/.test(program) && args.some((arg) => arg.includes(folder));
      return isOurs && !state.startsWith("Z");
    })
    .map(([processId]) => Number(processId));
}

export function killIfAlive(processId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(processId, signal);
  } catch {
    // It ended by itself.
  }
}

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  // A server that is killed is no error of the test.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** The rows of the last statement. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = await connect(url);
  try {
    const results = [await client.query<Record<string, unknown>>(text)].flat();
    return results.at(-1)?.rows ?? [];
  } finally {
    await client.end().catch(() => undefined);
  }
}
