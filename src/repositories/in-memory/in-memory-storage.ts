import type { EpochMilliseconds } from "../../domain/instant.ts";
import type { UsageRefusal } from "../../domain/usage-refusal.ts";
import { AsyncMutex } from "./async-mutex.ts";
import { type CommittedTables, emptyTables } from "./in-memory-tables.ts";
import { InMemoryTransaction } from "./in-memory-transaction.ts";
import type { TenantScope } from "./tenant-scope.ts";

/** The one database behind the in-memory repositories and units of work. For tests: it dies with the process. */
export class InMemoryStorage {
  /** What is committed. Only a transaction changes it. */
  readonly tables: CommittedTables = emptyTables();
  /** The storage's clock (R9). */
  readonly now: () => EpochMilliseconds;
  readonly #mutex = new AsyncMutex();

  constructor(now: () => EpochMilliseconds) {
    this.now = now;
  }

  /**
   * Runs one transaction after the other, whichever rows they touch; all of the work is stored or nothing. A
   * transaction inside another one would wait for itself.
   */
  transact<T>(scope: TenantScope, work: (transaction: InMemoryTransaction) => Promise<T>): Promise<T> {
    return this.#mutex.runExclusive(async () => {
      const transaction = new InMemoryTransaction(this.tables, scope);
      const result = await work(transaction);
      transaction.commit();
      return result;
    });
  }

  /** Every stored refusal of the tenant, in no order. */
  readRefusals(tenantId: string): UsageRefusal[] {
    return [...this.tables.refusals.values()].filter((refusal) => refusal.tenantId === tenantId);
  }
}
