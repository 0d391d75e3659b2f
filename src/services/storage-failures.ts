import { batchRunsMax } from "../domain/bounds.ts";
import { DatabaseUnavailableError, OverloadedError } from "../domain/errors/availability-errors.ts";
import { ConcurrentChangeError, StorageUnavailableError } from "../repositories/storage-errors.ts";

/**
 * Runs work again after a lost race, a bounded number of times, and says in the domain's words when the storage fails.
 *
 * @throws OverloadedError when the race was lost every time; nothing was written
 * @throws DatabaseUnavailableError nothing was written
 */
export async function rerunAfterLostRace<T>(work: () => Promise<T>): Promise<T> {
  for (let run = 1; ; run += 1) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StorageUnavailableError) throw new DatabaseUnavailableError(error);
      if (!(error instanceof ConcurrentChangeError)) throw error;
      if (run >= batchRunsMax) throw new OverloadedError(`lost ${run} races for the same counters`);
    }
  }
}
