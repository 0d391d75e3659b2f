import { constants } from "node:fs";
import { access, mkdir, open, readdir, readFile, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describeSystemError, EmbeddedPostgresError, systemErrorCode } from "./errors.ts";

/** Where everything lies under DATA_DIR. Only `cluster` belongs to PostgreSQL; the rest is the service's own. */
export interface DataFolder {
  /** As the user wrote it: what every message names. */
  readonly given: string;
  /** Absolute and without symbolic links, so that two ways to one folder compare equal. */
  readonly root: string;
  /** PostgreSQL's own data folder (PGDATA). */
  readonly cluster: string;
  readonly credentialsFile: string;
  readonly lockFile: string;
  readonly pidFile: string;
  readonly portFile: string;
  readonly logFile: string;
  /** The log of the start before, kept for the question "what happened?". */
  readonly previousLogFile: string;
}

/** Makes sure that the folder exists and can be written; creates it where it is missing, and nothing inside it. */
export async function openDataFolder(given: string): Promise<DataFolder> {
  let root: string;
  try {
    await mkdir(resolve(given), { recursive: true });
    root = await realpath(given);
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new EmbeddedPostgresError(`cannot use DATA_DIR ${given}: ${describeSystemError(cause)}`, { cause });
  }
  return {
    given,
    root,
    cluster: join(root, "postgres"),
    credentialsFile: join(root, "credentials.json"),
    lockFile: join(root, "service.lock"),
    pidFile: join(root, "service.pid"),
    portFile: join(root, "postgres.port"),
    logFile: join(root, "postgres.log"),
    previousLogFile: join(root, "postgres.log.old"),
  };
}

/**
 * Whether the cluster is there, read without changing anything. Throws for a folder that this PostgreSQL must not
 * touch: data of another major version, which it cannot read, and data that this service did not make.
 */
export async function clusterExists(folder: DataFolder, majorVersion: string): Promise<boolean> {
  try {
    if ((await readIfExists(join(folder.root, "PG_VERSION"))) !== undefined) {
      throw new EmbeddedPostgresError(
        `DATA_DIR ${folder.given} is itself the data folder of a PostgreSQL: name another folder`,
      );
    }
    const version = (await readIfExists(join(folder.cluster, "PG_VERSION")))?.trim();
    if (version === undefined) {
      await assertEmpty(folder);
      return false;
    }
    if (version !== majorVersion) {
      throw new EmbeddedPostgresError(
        `DATA_DIR ${folder.given} was made by PostgreSQL ${version}, and this service brings PostgreSQL ` +
          `${majorVersion}: move its data over with pg_dump, or name another folder`,
      );
    }
    return true;
  } catch (cause) {
    if (cause instanceof EmbeddedPostgresError) {
      throw cause;
    }
    throw new EmbeddedPostgresError(`cannot read DATA_DIR ${folder.given}: ${describeSystemError(cause)}`, { cause });
  }
}

/** The text of a file, or undefined where there is none. */
export async function readIfExists(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

/** Makes a rename or a new file in this folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function assertEmpty(folder: DataFolder): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(folder.cluster);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") {
      return;
    }
    throw error;
  }
  if (entries.length > 0) {
    throw new EmbeddedPostgresError(
      `DATA_DIR ${folder.given} holds a folder "postgres" that is no PostgreSQL data folder: name another folder`,
    );
  }
}
