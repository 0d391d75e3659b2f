import type { FileHandle } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { PostgresBinaries } from "./binaries.ts";
import type { DataFolder } from "./data-folder.ts";
import { EmbeddedPostgresError } from "./errors.ts";
import { stopOrphan } from "./orphan.ts";
import { choosePort, rememberPort } from "./port.ts";
import type { RunAs } from "./run-as.ts";
import { quoteReason, readLogSince } from "./server-log.ts";
import { ServerProcess } from "./server-process.ts";
import { serverArguments } from "./settings.ts";

/** Recovery after a crash replays at most about max_wal_size of log, which is seconds on any disk that still works. */
const readyTimeoutMs = 120_000;
/** How long the obstacles that pass by themselves are waited for. */
const retryForMs = 10_000;
const retryPauseMs = 100;

/**
 * What another process can still do to us after we looked: take the port, or, when the service was killed the moment
 * it had started PostgreSQL, write its postmaster.pid, or hold the shared memory of a server killed a moment ago.
 */
const passingObstacle =
  /could not bind IPv4 address|lock file "postmaster\.pid" already exists|pre-existing shared memory block/;

export interface ServerStart {
  readonly folder: DataFolder;
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs;
  readonly settings: Readonly<Record<string, string>>;
  readonly serverLog: FileHandle;
  readonly log: (line: string) => void;
}

export interface RunningServer {
  readonly server: ServerProcess;
  readonly port: number;
}

/** Starts PostgreSQL on an initialised folder and returns when it accepts connections. */
export async function startServer(start: ServerStart): Promise<RunningServer> {
  const { folder, binaries, runAs, settings, serverLog, log } = start;
  const deadline = performance.now() + retryForMs;
  for (;;) {
    await stopOrphan(folder, log);
    const port = await choosePort(folder);
    const { size: logOffset } = await serverLog.stat();
    const server = new ServerProcess(binaries, runAs, serverArguments(folder.cluster, port, settings), serverLog);
    try {
      if (await server.becomesReady(folder.cluster, readyTimeoutMs)) {
        await rememberPort(folder, port);
        return { server, port };
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
    await server.stop();
    const ending = await server.exited;
    const output = await readLogSince(serverLog, logOffset);
    if (!passingObstacle.test(output) || performance.now() > deadline) {
      throw new EmbeddedPostgresError(
        `PostgreSQL did not start in DATA_DIR ${folder.given} (${ending}): ${quoteReason(output)}`,
      );
    }
    await delay(retryPauseMs);
  }
}
