import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A folder for one embedded database, gone with everything in it when the test is over. */
export class DataDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<DataDirectory> {
    return new DataDirectory(await mkdtemp(join(tmpdir(), "quota-test-")));
  }

  /** The superuser's way into the database of a service that runs on this folder. */
  async superuserUrl(): Promise<string> {
    const { superuserPassword } = JSON.parse(await readFile(join(this.path, "credentials.json"), "utf8"));
    const port = (await readFile(join(this.path, "postgres.port"), "utf8")).trim();
    return `postgres://postgres:${superuserPassword}@127.0.0.1:${port}/quota`;
  }

  /** The PostgreSQL of this folder, and whatever else names the folder among its arguments. */
  async processes(): Promise<number[]> {
    const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,stat=,args="]);
    return stdout
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, state = "", ...args]) => !state.startsWith("Z") && args.some((arg) => arg.includes(this.path)))
      .map(([processId]) => Number(processId));
  }

  async remove(): Promise<void> {
    for (const processId of await this.processes()) process.kill(processId, "SIGKILL");
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A process and the processes it has started itself. */
export async function withChildren(processId: number): Promise<number[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid="]);
  const children = stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child = 0, parent]) => (parent === processId ? [child] : []));
  return [processId, ...children];
}
