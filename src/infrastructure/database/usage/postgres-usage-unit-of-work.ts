import type { CounterKey } from "../../../domain/counter-key.ts";
import type { UsageEvent } from "../../../domain/usage-event.ts";
import type { UsageChanges, UsageLedger, UsageUnitOfWork } from "../../../repositories/usage-unit-of-work.ts";
import { commitOrFindOut } from "../commit-outcome.ts";
import type { DatabaseClock } from "../database-clock.ts";
import { translateDatabaseError } from "../database-errors.ts";
import { orRollBack } from "../or-roll-back.ts";
import type { PipelinedTransaction, PipelinedTransactions, Statement } from "../pipelined-transactions.ts";
import type { Transactions } from "../transactions.ts";
import { findBlocked } from "./find-blocked.ts";
import { lockOpenRecords, lockStatement } from "./lock-open-records.ts";
import { readDecisionBasis } from "./read-decision-basis.ts";
import { readPredecessors } from "./read-predecessors.ts";
import { writeChanges } from "./write-changes.ts";

/** What is known of a transaction by the time its commit is sent. */
interface Progress {
  transactionId?: string;
  events: readonly UsageEvent[];
  /** Sent, but not answered. */
  write?: Promise<unknown>;
}

/**
 * The unit of work of usage on PostgreSQL: READ COMMITTED, row locks, set-based SQL. A batch costs two round trips: locks and
 * what is decided on; writes and commit.
 */
export class PostgresUsageUnitOfWork implements UsageUnitOfWork {
  readonly #pipelined: PipelinedTransactions;
  readonly #transactions: Transactions;
  readonly #lock: Statement;

  /** @param transactions on which a lost commit is asked about */
  constructor(pipelined: PipelinedTransactions, transactions: Transactions, clock: DatabaseClock) {
    this.#pipelined = pipelined;
    this.#transactions = transactions;
    this.#lock = lockStatement(clock);
  }

  async run<T>(tenantIds: readonly string[], work: (ledger: UsageLedger) => Promise<T>): Promise<T> {
    try {
      const transaction = await this.#pipelined.open(tenantIds);
      return await orRollBack(transaction, async () => {
        const progress: Progress = { events: [] };
        const result = await work(this.#ledger(transaction, progress));
        await this.#commit(transaction, tenantIds, progress);
        return result;
      });
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  async findBlocked(keys: readonly CounterKey[]): Promise<readonly CounterKey[]> {
    return await findBlocked(this.#pipelined, keys);
  }

  #ledger(transaction: PipelinedTransaction, progress: Progress): UsageLedger {
    return {
      lockOpenRecords: async (keys) => {
        const locked = await lockOpenRecords(transaction, keys, this.#lock);
        progress.transactionId = locked.transactionId;
        return locked;
      },
      readDecisionBasis: (question) => readDecisionBasis(transaction, question),
      readPredecessors: (keys, now) => readPredecessors(transaction, keys, now),
      write: async (changes) => {
        if (isEmpty(changes)) return;
        progress.write = writeChanges(transaction, changes);
        progress.events = changes.events;
        // Waited for together with the commit, which is sent right behind it.
        progress.write.catch(() => undefined);
      },
    };
  }

  async #commit(transaction: PipelinedTransaction, tenantIds: readonly string[], progress: Progress): Promise<void> {
    const { transactionId, events, write } = progress;
    const written =
      transactionId === undefined || write === undefined ? undefined : { transactionId, events, isIdBelieved: true };
    const attempt = {
      commit: async () => {
        await Promise.all([write, transaction.commit()]);
      },
      rollback: () => transaction.rollback(),
    };
    await commitOrFindOut(attempt, this.#transactions.lookUpAsApp(tenantIds), written);
  }
}

function isEmpty({ newRecords, changedRecords, events, refusals }: UsageChanges): boolean {
  return newRecords.length + changedRecords.length + events.length + refusals.length === 0;
}
