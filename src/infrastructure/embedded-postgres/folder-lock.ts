import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type DataFolder, readIfExists } from "./data-folder.ts";
import { describeSystemError, EmbeddedPostgresError } from "./errors.ts";

/** Proof that this process alone may touch the data folder. */
export interface FolderLock {
  release(): void;
}

/**
 * How long a second start waits before it believes that the folder is taken. Long enough for the winner of two
 * simultaneous starts to write its process id, which the loser's message names.
 */
const lockWaitMs = 250;

const sqliteBusy = 5;

/**
 * Held connections, pinned for the life of the process: the garbage collector closes a connection that nobody
 * refers to, which would free the folder while its PostgreSQL is still serving.
 */
const heldConnections = new Set<DatabaseSync>();

/**
 * Takes the folder for this process, or fails with a line that names who has it.
 *
 * Node has no file locks of its own, but the SQLite inside Node takes POSIX record locks: the kernel frees them with
 * the process however it dies, so there is no stale lock, no process id that now means another program and no moment
 * between looking and taking. They hold between containers that share the folder, too, and SQLite keeps two starts in
 * one process apart. The file stays empty; no transaction ever writes.
 *
 * Nothing in this process may open the lock file: by POSIX closing any descriptor of it gives the lock up. Hence the
 * process id lies in a file beside it. Its content is for people only; nothing is decided by it. All is synchronous, so
 * that no other work of this process comes between the lock and the process id.
 */
export async function acquireFolderLock(folder: DataFolder, processId: number): Promise<FolderLock> {
  const connection = await lockedConnection(folder);
  heldConnections.add(connection);
  const release = (): void => {
    if (heldConnections.delete(connection)) {
      try {
        rmSync(folder.pidFile, { force: true });
      } finally {
        connection.close();
      }
    }
  };
  try {
    // A shared lock needs no more than the right to read, and would keep us out.
    chmodSync(folder.lockFile, 0o600);
    // Removed first: after "sudo npm start" the old file belongs to root, and only a new one can be written.
    rmSync(folder.pidFile, { force: true });
    writeFileSync(folder.pidFile, `${processId}\n`, { flag: "wx" });
  } catch (cause) {
    release();
    throw new EmbeddedPostgresError(`cannot write to DATA_DIR ${folder.given}: ${describeSystemError(cause)}`, {
      cause,
    });
  }
  return { release };
}

async function lockedConnection(folder: DataFolder): Promise<DatabaseSync> {
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(folder.lockFile, { timeout: lockWaitMs });
    // A journal in memory keeps a second file from appearing beside the lock.
    connection.exec("pragma journal_mode = memory; begin exclusive");
    return connection;
  } catch (cause) {
    connection?.close();
    if (cause instanceof Error && "errcode" in cause && cause.errcode === sqliteBusy) {
      const holder = (await readIfExists(folder.pidFile).catch(() => undefined))?.trim();
      throw new EmbeddedPostgresError(
        `DATA_DIR ${folder.given} is in use by another running service (pid ${holder ?? "unknown"})`,
      );
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbeddedPostgresError(`cannot lock DATA_DIR ${folder.given}: ${reason}`, { cause });
  }
}
