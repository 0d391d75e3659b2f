import { readFile, rm, stat } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type DataFolder, readIfExists } from "./data-folder.ts";
import { EmbeddedPostgresError, systemErrorCode } from "./errors.ts";
import { runCommand } from "./run-command.ts";

/** A fast shutdown writes all changed pages out; on a slow disk that takes its time. */
const fastShutdownMs = 60_000;
/** An immediate shutdown writes nothing; the next start recovers from the write-ahead log. */
const immediateShutdownMs = 10_000;
const pollMs = 10;

/** The first line of postmaster.pid is the server's process id, the eighth its state, each padded with spaces. */
export interface PostmasterFile {
  readonly processId: number;
  readonly state: string;
}

export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const lines = (await readIfExists(join(cluster, "postmaster.pid")))?.split("\n");
  const processId = Number(lines?.[0]);
  return Number.isInteger(processId) && processId > 0 ? { processId, state: lines?.[7]?.trim() ?? "" } : undefined;
}

/**
 * Stops the PostgreSQL that a killed service left running on this folder; to be called under the folder's lock, which
 * proves that no service lives that could own it.
 *
 * It is stopped rather than adopted: its settings, port and version may be those of an older service, and only a child
 * process tells us when it ends. A fast shutdown costs about 50 ms and loses nothing that was committed.
 *
 * A postmaster.pid whose process id now belongs to another program is removed, because PostgreSQL would take that
 * program for its predecessor and refuse to start. Should a process of the old server survive all the same, PostgreSQL
 * finds it by the shared memory that is named after the folder's inode. One without any process PostgreSQL removes
 * itself.
 */
export async function stopOrphan(folder: DataFolder, log: (line: string) => void): Promise<void> {
  const recorded = await readPostmasterFile(folder.cluster);
  if (recorded === undefined || !isAlive(recorded.processId)) {
    return;
  }
  const { processId } = recorded;
  const serves = await servesCluster(processId, folder.cluster);
  if (serves === "unknown") {
    return;
  }
  if (serves === "no") {
    log(`removing a stale postmaster.pid: process ${processId} is another program now`);
    await rm(join(folder.cluster, "postmaster.pid"), { force: true });
    return;
  }
  log(`stopping the PostgreSQL that a killed service left running (pid ${processId})`);
  const stopped =
    (await signalAndWait(processId, folder, "SIGINT", fastShutdownMs)) ||
    (await signalAndWait(processId, folder, "SIGQUIT", immediateShutdownMs));
  if (!stopped) {
    throw new EmbeddedPostgresError(
      `DATA_DIR ${folder.given} is served by a PostgreSQL that does not stop (pid ${processId}): end it by hand`,
    );
  }
}

async function signalAndWait(
  processId: number,
  folder: DataFolder,
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<boolean> {
  try {
    process.kill(processId, signal);
  } catch (error) {
    if (systemErrorCode(error) === "ESRCH") {
      return true;
    }
    throw new EmbeddedPostgresError(
      `DATA_DIR ${folder.given} is served by a PostgreSQL of another user (pid ${processId}): stop it first`,
    );
  }
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    // Not "is alive": where nobody collects dead children (a container without init), a zombie stays for ever.
    if ((await servesCluster(processId, folder.cluster)) !== "yes") {
      return true;
    }
    await delay(pollMs);
  }
  return false;
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
}

/**
 * Whether a process is the PostgreSQL server of this very folder. Its command line names the folder; on Linux its
 * working directory, compared by inode, also recognises a folder that was renamed meanwhile, and tells a copied folder,
 * whose postmaster.pid points to the server of the original, from the original itself.
 */
async function servesCluster(processId: number, cluster: string): Promise<"yes" | "no" | "unknown"> {
  const commandLine = await readCommandLine(processId);
  if (commandLine === undefined) {
    return isAlive(processId) ? "unknown" : "no";
  }
  if (!/(^|\/)postgres -D /.test(commandLine)) {
    return "no";
  }
  if (commandLine.includes(`postgres -D ${cluster} `)) {
    return "yes";
  }
  try {
    const [theirs, ours] = await Promise.all([stat(`/proc/${processId}/cwd`), stat(cluster)]);
    return theirs.dev === ours.dev && theirs.ino === ours.ino ? "yes" : "no";
  } catch {
    return "no";
  }
}

/** Program and arguments of a process separated by spaces, empty for a zombie; undefined when they cannot be read. */
async function readCommandLine(processId: number): Promise<string | undefined> {
  if (platform() === "linux") {
    try {
      return (await readFile(`/proc/${processId}/cmdline`, "utf8")).replaceAll("\0", " ");
    } catch {
      return undefined;
    }
  }
  const { exitCode, stdout } = await runCommand(["ps", "-ww", "-o", "command=", "-p", String(processId)]);
  return exitCode === 0 ? stdout : undefined;
}
