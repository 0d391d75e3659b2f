import type { UsageEvent } from "../../../domain/usage-event.ts";
import { ConcurrentChangeError } from "../../../repositories/storage-errors.ts";
import type { UsageLedger, UsageUnitOfWork } from "../../../repositories/usage-unit-of-work.ts";
import type { DatabaseClock } from "../database-clock.ts";
import { isConnectionLoss, translateDatabaseError } from "../database-errors.ts";
import { CommitRolledBackError } from "../transaction-client.ts";
import { type OpenTransaction, orRollBack, type Transactions } from "../transactions.ts";
import { wasCommitted } from "./commit-outcome.ts";
import { lockOpenRecords } from "./lock-open-records.ts";
import { readDecisionBasis } from "./read-decision-basis.ts";
import { readPredecessors } from "./read-predecessors.ts";
import { writeChanges } from "./write-changes.ts";

interface WriteOutcome {
  written?: Written;
  /** A failed write dooms the transaction, even when the work swallows it: some of its rows may have been written. */
  failure?: Error;
}

interface Written {
  readonly transactionId: string;
  readonly events: readonly UsageEvent[];
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
        if (outcome.failure !== undefined)
          throw new ConcurrentChangeError("a write failed", { cause: outcome.failure });
        await this.#commit(transaction, tenantIds, outcome.written);
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

  async #commit(
    transaction: OpenTransaction,
    tenantIds: readonly string[],
    written: Written | undefined,
  ): Promise<void> {
    try {
      await transaction.commit();
    } catch (error) {
      if (error instanceof CommitRolledBackError) throw new ConcurrentChangeError(error.message, { cause: error });
      if (!isConnectionLoss(error) || written === undefined) throw error;
      if (await wasCommitted(this.#transactions, tenantIds, written.transactionId, written.events, error)) return;
      throw new ConcurrentChangeError("the connection was lost, and the transaction with it", { cause: error });
    }
  }
}
