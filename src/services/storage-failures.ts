import { batchRunsMax } from "../domain/bounds.ts";
import {
  DatabaseUnavailableError,
  OutcomeUnknownError,
  OverloadedError,
} from "../domain/errors/availability-errors.ts";
import {
  CommitOutcomeUnknownError,
  ConcurrentChangeError,
  StorageBusyError,
  StorageCrowdedError,
  StorageUnavailableError,
} from "../repositories/storage-errors.ts";

/** Others were faster every time. */
export class RacesLostError extends OverloadedError {
  constructor(races: number) {
    super(`lost ${races} races for the same counters`);
  }
}

/** Others hold what the work waited for, for longer than it may wait. */
export class LocksHeldError extends DatabaseUnavailableError {}

/**
 * Runs work again after a lost race, a bounded number of times, and says in the domain's words when the storage fails.
 *
 * @throws RacesLostError when the race was lost every time; nothing was written
 * @throws LocksHeldError nothing was written
 * @throws OverloadedError when too many wait; nothing was written
 * @throws DatabaseUnavailableError nothing was written
 */
export async function rerunAfterLostRace<T>(work: () => Promise<T>): Promise<T> {
  for (let run = 1; ; run += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConcurrentChangeError)) throw inWordsOfTheDomain(error);
      if (run >= batchRunsMax) throw new RacesLostError(run);
    }
  }
}

function inWordsOfTheDomain(error: unknown): unknown {
  if (error instanceof StorageBusyError) return new LocksHeldError(error);
  if (error instanceof StorageUnavailableError) return new DatabaseUnavailableError(error);
  if (error instanceof StorageCrowdedError) return new OverloadedError("too many calls wait for the database");
  return error;
}

/**
 * The same for a change of the control plane, whose commit's outcome may remain unknown.
 *
 * @param isRepeatable whether the caller may simply repeat the call: it then changes nothing more than once
 * @throws OutcomeUnknownError
 */
export async function changeSafely<T>(isRepeatable: boolean, change: () => Promise<T>): Promise<T> {
  try {
    return await rerunAfterLostRace(change);
  } catch (error) {
    if (error instanceof CommitOutcomeUnknownError) throw new OutcomeUnknownError(isRepeatable, error);
    throw error;
  }
}
