import type { ApiKeyStore, ApiKeyUnitOfWork } from "../../../repositories/api-key-repository.ts";
import { commitOrFindOut, readControlWritten } from "../commit-outcome.ts";
import { PostgresChangeLog } from "../control/postgres-change-log.ts";
import type { DatabaseClock } from "../database-clock.ts";
import { translateDatabaseError } from "../database-errors.ts";
import { orRollBack } from "../or-roll-back.ts";
import { readNow } from "../read-now.ts";
import type { Transactions } from "../transactions.ts";
import { PostgresApiKeyRepository } from "./postgres-api-key-repository.ts";

export class PostgresApiKeyUnitOfWork implements ApiKeyUnitOfWork {
  readonly #transactions: Transactions;
  readonly #clock: DatabaseClock;

  constructor(transactions: Transactions, clock: DatabaseClock) {
    this.#transactions = transactions;
    this.#clock = clock;
  }

  async run<T>(work: (store: ApiKeyStore) => Promise<T>): Promise<T> {
    try {
      const transaction = await this.#transactions.openAsAuth();
      return await orRollBack(transaction, async () => {
        const changes = new PostgresChangeLog(transaction.em);
        const result = await work({
          keys: new PostgresApiKeyRepository(transaction.em),
          changes,
          now: () => readNow(transaction, this.#clock),
        });
        const written = await readControlWritten(transaction, changes.ids);
        await commitOrFindOut(transaction, this.#transactions.lookUpAsAuth(), written);
        return result;
      });
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }
}
