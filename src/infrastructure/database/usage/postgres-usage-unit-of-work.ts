import type { UsageLedger, UsageUnitOfWork } from "../../../repositories/usage-unit-of-work.ts";
import { commitOrFindOut, type Written } from "../commit-outcome.ts";
import type { DatabaseClock } from "../database-clock.ts";
import { translateDatabaseError } from "../database-errors.ts";
import { type OpenTransaction, orRollBack, type Transactions } from "../transactions.ts";
import { lockOpenRecords } from "./lock-open-records.ts";
import { readDecisionBasis } from "./read-decision-basis.ts";
import { readPredecessors } from "./read-predecessors.ts";
import { writeChanges } from "./write-changes.ts";

interface WriteOutcome {
  written?: Written;
  /** A failed write dooms the transaction, even when the work swallows it: some of its rows may have been written. */
  failure?: Error;
}

/** The unit of work of usage on PostgreSQL: READ COMMITTED, row locks, set-based SQL. */
export class PostgresUsageUnitOfWork implements UsageUnitOfWork {
  readonly #transactions: Transactions;
  readonly #clock: DatabaseClock;

  constructor(transactions: Transactions, clock: DatabaseClock) {
    this.#transactions = transactions;
    this.#clock = clock;
  }

  async run<T>(tenantIds: readonly string[], work: (ledger: UsageLedger) => Promise<T>): Promise<T> {
    const outcome: WriteOutcome = {};
    try {
      const transaction = await this.#transactions.openAsApp(tenantIds);
      return await orRollBack(transaction, async () => {
        const result = await work(this.#ledger(transaction, outcome));
        if (outcome.failure !== undefined) throw outcome.failure;
        await commitOrFindOut(transaction, this.#transactions, tenantIds, outcome.written);
        return result;
      });
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  #ledger(transaction: OpenTransaction, outcome: WriteOutcome): UsageLedger {
    return {
      lockOpenRecords: (keys) => lockOpenRecords(transaction, keys, this.#clock),
      readDecisionBasis: (question) => readDecisionBasis(transaction, question),
      readPredecessors: (keys, now) => readPredecessors(transaction, keys, now),
      write: async (changes) => {
        const { newRecords, changedRecords, events, refusals } = changes;
        if (newRecords.length + changedRecords.length + events.length + refusals.length === 0) return;
        try {
          outcome.written = { transactionId: await writeChanges(transaction, changes), events };
        } catch (error) {
          outcome.failure = error instanceof Error ? error : new Error(String(error));
          throw error;
        }
      },
    };
  }
}
