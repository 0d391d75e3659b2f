import type { ControlStore, ControlUnitOfWork } from "../../../repositories/control-unit-of-work.ts";
import { commitOrFindOut, readControlWritten } from "../commit-outcome.ts";
import type { DatabaseClock } from "../database-clock.ts";
import { translateDatabaseError } from "../database-errors.ts";
import { orRollBack } from "../or-roll-back.ts";
import { readNow } from "../read-now.ts";
import type { OpenTransaction, Transactions } from "../transactions.ts";
import { PostgresChangeLog } from "./postgres-change-log.ts";
import { PostgresLimitOverrideRepository } from "./postgres-limit-override-repository.ts";
import { PostgresPlanRepository } from "./postgres-plan-repository.ts";
import { PostgresSubscriptionRepository } from "./postgres-subscription-repository.ts";

export class PostgresControlUnitOfWork implements ControlUnitOfWork {
  readonly #transactions: Transactions;
  readonly #clock: DatabaseClock;

  constructor(transactions: Transactions, clock: DatabaseClock) {
    this.#transactions = transactions;
    this.#clock = clock;
  }

  async change<T>(tenantIds: readonly string[], work: (store: ControlStore) => Promise<T>): Promise<T> {
    try {
      const transaction = await this.#transactions.openAsApp(tenantIds);
      return await orRollBack(transaction, async () => {
        const changes = new PostgresChangeLog(transaction.em);
        const result = await work(this.#store(transaction, changes, false));
        const written = await readControlWritten(transaction, changes.ids);
        await commitOrFindOut(transaction, this.#transactions.lookUpAsApp(tenantIds), written);
        return result;
      });
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  async readAllTenants<T>(work: (store: ControlStore) => Promise<T>): Promise<T> {
    return await this.#transactions.asReader((transaction) =>
      work(this.#store(transaction, new PostgresChangeLog(transaction.em), true)),
    );
  }

  #store(transaction: OpenTransaction, changes: PostgresChangeLog, allTenants: boolean): ControlStore {
    return {
      plans: new PostgresPlanRepository(transaction.em),
      subscriptions: new PostgresSubscriptionRepository(transaction.em, allTenants),
      overrides: new PostgresLimitOverrideRepository(transaction.em, allTenants),
      changes,
      now: () => readNow(transaction, this.#clock),
    };
  }
}
