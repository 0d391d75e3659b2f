/**
 * Another transaction got in between: a record was created, or an idempotency key taken, or the database chose this
 * transaction to end a deadlock. Nothing was written. The same work may be run again from its start, and must read
 * everything anew.
 */
export class ConcurrentChangeError extends Error {
  override readonly name = "ConcurrentChangeError";
}

/** The storage does not answer, or refused the work for lack of means. Nothing was written; may be retried later. */
export class StorageUnavailableError extends Error {
  override readonly name: string = "StorageUnavailableError";
}

/** The work waited too long for locks that others hold. Nothing was written; `findBlocked` says which counters they are, where it can be seen. */
export class StorageBusyError extends StorageUnavailableError {
  override readonly name: string = "StorageBusyError";
}

/** More work waits for the storage already than it may make wait. Nothing was written; may be retried later. */
export class StorageCrowdedError extends Error {
  override readonly name = "StorageCrowdedError";
}

/** The connection was lost during the commit, and the storage cannot be asked what became of it. Never retried blindly. */
export class CommitOutcomeUnknownError extends Error {
  override readonly name = "CommitOutcomeUnknownError";
}
