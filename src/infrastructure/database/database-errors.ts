import {
  CommitOutcomeUnknownError,
  ConcurrentChangeError,
  StorageBusyError,
  StorageUnavailableError,
} from "../../repositories/storage-errors.ts";

/** SQLSTATEs (PostgreSQL manual, appendix A) after which the same work may be run again at once. */
const lostRaceStates = new Set(["23505", "40001", "40P01"]);

/** `lock_not_available`: the lock timeout. */
const busyState = "55P03";

/** Classes and states that say that the server cannot work for us now: connection, resources, intervention, timeouts. */
const unavailableStatePrefixes = ["08", "53", "57", "58", "25006"];

/** Codes of the system (ECONNRESET, ENETDOWN, …) and of Node's sockets and TLS; no SQLSTATE begins with an E. */
const lostConnectionCode = /^E(?!RR_)[A-Z_]+$|^ERR_(SSL|TLS|STREAM|SOCKET)/;

/** States with which the server ends a session: connection exceptions, shutdown, a transaction left idle or open too long. */
const endedSessionStates = ["08", "57P", "25P03", "25P04"];

/** What pg and its pool say without any code when the connection is gone or not to be had. */
const lostConnectionText =
  /query read timeout|connection terminated|timeout exceeded when trying to connect|connection error|not queryable|client was closed/i;

/** The SQLSTATE or system code of an error of pg, MikroORM (which copies it) or Node. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return "cause" in error ? codeOf(error.cause) : undefined;
}

/** True when the connection was lost, so that a commit under way may or may not have happened. */
export function isConnectionLoss(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) {
    return lostConnectionCode.test(code) || endedSessionStates.some((state) => code.startsWith(state));
  }
  return error instanceof Error && lostConnectionText.test(error.message);
}

const portErrors = [ConcurrentChangeError, StorageUnavailableError, CommitOutcomeUnknownError];

/** The port's error for a driver's error; what is neither a lost race nor a lack of means stays what it is: a defect. */
export function translateDatabaseError(error: unknown): unknown {
  // Said in the port's words already, with the driver's as the cause.
  if (portErrors.some((kind) => error instanceof kind)) return error;
  const code = codeOf(error);
  if (code !== undefined && lostRaceStates.has(code)) return new ConcurrentChangeError("lost a race", { cause: error });
  if (code === busyState) return new StorageBusyError("others hold the locks", { cause: error });
  if (code !== undefined && unavailableStatePrefixes.some((prefix) => code.startsWith(prefix))) {
    return new StorageUnavailableError("the database refused to work", { cause: error });
  }
  if (isConnectionLoss(error)) return new StorageUnavailableError("the database cannot be reached", { cause: error });
  return error;
}

/** Whatever keeps a transaction from being opened (no server, no such database, no login) is a lack of means. */
export async function orUnavailable<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw new StorageUnavailableError("no connection to the database can be had", { cause: error });
  }
}
