import { pid as processId } from "node:process";
import { locateBinaries } from "./binaries.ts";
import { type Credentials, readCredentials, readOrCreateCredentials } from "./credentials.ts";
import { clusterExists, type DataFolder, openDataFolder } from "./data-folder.ts";
import { describeSystemError, EmbeddedPostgresError, systemErrorCode } from "./errors.ts";
import { acquireFolderLock } from "./folder-lock.ts";
import { initialiseCluster, removeUnfinishedClusters } from "./initialise-cluster.ts";
import { type DatabaseUrls, databaseUrls, ensureLogins } from "./logins.ts";
import { stopOrphan } from "./orphan.ts";
import { chooseRunAs, giveClusterTo } from "./run-as.ts";
import { openServerLog, quoteReason, readLogSince } from "./server-log.ts";
import { startServer } from "./start-server.ts";

export interface EmbeddedPostgresOptions {
  /** Created where it is missing. Relative to the working directory, and named in messages as it stands here. */
  readonly dataDir: string;
  /** Receives what a person who runs the service wants to know, a line at a time, without a line feed. */
  readonly log: (line: string) => void;
  /** More settings of postgresql.conf. Those that keep commits durable and the server reachable are refused. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL of our own that accepts connections on 127.0.0.1. */
export interface EmbeddedPostgres extends DatabaseUrls {
  /** Owns the database `quota` and migrates it; no superuser, but may create roles. */
  readonly ownerUrl: string;
  /** The serving login: no superuser, owns nothing, inherits nothing (NOINHERIT). */
  readonly serviceUrl: string;
  /** For tests and tools only; its database is `postgres`. */
  readonly superuserUrl: string;
  /**
   * Settles when PostgreSQL has ended without `stop()`, for example killed by the system for want of memory. It is not
   * started again: what to do about it is the service's decision. Never rejects.
   */
  readonly lost: Promise<EmbeddedPostgresError>;
  /** Ends PostgreSQL by a fast shutdown and gives the folder free. Calling it again returns the same promise. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL under the data folder and returns when it accepts connections: about 1.5 s for a new folder, 0.2 s
 * for an existing one. Committed data survives every end of this process and of PostgreSQL.
 *
 * At most one process serves a folder; a PostgreSQL that a killed one left behind is stopped first. Every failure is an
 * {@link EmbeddedPostgresError} of one line, and leaves neither a process nor a half-made database.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await locateBinaries();
  const folder = await openDataFolder(options.dataDir);
  // Once before the lock, so that a foreign folder is left without so much as a lock file in it.
  await clusterExists(folder, binaries.majorVersion);
  const lock = await acquireFolderLock(folder, processId);
  const undo: (() => Promise<void>)[] = [async () => lock.release()];
  const undoAll = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) {
      // A step that fails, on a broken disk, must neither hide the reason for the end nor keep the folder locked.
      await step().catch(() => undefined);
    }
  };
  try {
    const runAs = await chooseRunAs(folder, binaries);
    await removeUnfinishedClusters(folder);
    let credentials: Credentials;
    if (await clusterExists(folder, binaries.majorVersion)) {
      credentials = await readCredentials(folder);
      // Before the files change hands: their server must not lose them while it runs.
      await stopOrphan(folder, options.log);
      await giveClusterTo(runAs, folder.cluster);
    } else {
      options.log(`initialising PostgreSQL ${binaries.version} in ${folder.given}`);
      credentials = await readOrCreateCredentials(folder);
      await initialiseCluster(folder, binaries, runAs, credentials.superuserPassword);
    }
    const serverLog = await openServerLog(folder);
    undo.push(() => serverLog.close());
    const { settings = {}, log } = options;
    const { server, port } = await startServer({ folder, binaries, runAs, settings, serverLog, log });
    undo.push(() => server.stop());
    const urls = databaseUrls(port, credentials);
    await ensureLogins(urls, credentials);
    log(`PostgreSQL ${binaries.version} serves ${folder.given} on port ${port}`);

    let stopping: Promise<void> | undefined;
    const lost = new Promise<EmbeddedPostgresError>((resolve) => {
      void server.exited.then(async (ending) => {
        if (stopping === undefined) {
          const reason = quoteReason(await readLogSince(serverLog, 0).catch(() => ""));
          resolve(new EmbeddedPostgresError(`PostgreSQL in DATA_DIR ${folder.given} was lost (${ending}): ${reason}`));
        }
      });
    });
    return { ...urls, lost, stop: () => (stopping ??= undoAll()) };
  } catch (error) {
    await undoAll();
    throw asEmbeddedPostgresError(error, folder);
  }
}

/** A disk that is full or breaks can fail any step; a defect of ours keeps its own type and stack. */
function asEmbeddedPostgresError(error: unknown, folder: DataFolder): unknown {
  if (error instanceof EmbeddedPostgresError || systemErrorCode(error) === undefined) {
    return error;
  }
  return new EmbeddedPostgresError(`cannot start in DATA_DIR ${folder.given}: ${describeSystemError(error)}`, {
    cause: error,
  });
}
