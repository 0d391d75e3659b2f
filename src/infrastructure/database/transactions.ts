import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import { CompiledQuery, type Kysely } from "kysely";
import { StorageCrowdedError } from "../../repositories/storage-errors.ts";
import { orUnavailable, translateDatabaseError } from "./database-errors.ts";
import { tenantFilterName } from "./entities/tenant-table.ts";
import { orRollBack } from "./or-roll-back.ts";
import {
  appTransactionSql,
  authTransactionSql,
  readerTransactionSql,
  type StatementTimeouts,
  snapshotTransactionSql,
} from "./transaction-settings.ts";

/** A transaction with its role and tenants set. */
export interface OpenTransaction {
  /** For entities; the tenant filter is in force. */
  readonly em: EntityManager;
  /** For set-based SQL with bound parameters, which the ORM itself would inline. */
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]>;
  /** @throws what the driver throws, untranslated: the caller must tell a refused commit from a lost connection */
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/**
 * Transactions that may wait for a connection. Each holds an EntityManager of some hundred kilobytes, and what comes after so
 * many would wait longer than its caller does.
 */
const openingMax = 64;

/** A transaction that was opened this recently shows that the database answers. */
const servedRecentlyMs = 2_000;

/** Opens transactions. A fresh EntityManager each, because an identity map must not outlive its tenants. */
export class Transactions {
  readonly #orm: MikroORM;
  readonly #timeouts: StatementTimeouts;
  readonly #opening = new Set<Promise<void>>();
  #openedAt = Number.NEGATIVE_INFINITY;

  constructor(orm: MikroORM, timeouts: StatementTimeouts) {
    this.#orm = orm;
    this.#timeouts = timeouts;
  }

  /** Work on the rows of these tenants; rolled back when it throws, with storage errors in the ports' words. */
  async asApp<T>(tenantIds: readonly string[], work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    return await this.#run(() => this.openAsApp(tenantIds), work);
  }

  /** Reads the rows of all tenants; writing fails. */
  async asReader<T>(work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    return await this.#run(() => this.#openAsReader(""), work);
  }

  /** Reads the rows of all tenants, all statements in one snapshot; writing fails. */
  async asReaderOfSnapshot<T>(work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    return await this.#run(() => this.#openAsReader(snapshotTransactionSql), work);
  }

  /** Reads the rows of these tenants, all statements in one snapshot; writing fails. */
  async asAppOfSnapshot<T>(
    tenantIds: readonly string[],
    work: (transaction: OpenTransaction) => Promise<T>,
  ): Promise<T> {
    return await this.#run(() => this.openAsApp(tenantIds, snapshotTransactionSql), work);
  }

  /** Work on the credentials of callers. */
  async asAuth<T>(work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    return await this.#run(() => this.openAsAuth(), work);
  }

  async openAsAuth(): Promise<OpenTransaction> {
    const em = this.#orm.em.fork({ clear: true });
    em.setFilterParams(tenantFilterName, { tenantIds: [] });
    return await this.#open(em, authTransactionSql(this.#timeouts));
  }

  /**
   * Whether a reader's transaction can be had, also when others are turned away. While others wait and are served, it can be: behind
   * them all, the question would come too late, and a crowd would look like an outage.
   */
  async ping(): Promise<void> {
    if (this.#opening.size > 0 && performance.now() - this.#openedAt < servedRecentlyMs) return;
    const transaction = await this.#openAsReader("");
    await orRollBack(transaction, () => transaction.query("select 1", []));
    await transaction.commit();
  }

  async openAsApp(tenantIds: readonly string[], characteristics = ""): Promise<OpenTransaction> {
    const settings = characteristics + appTransactionSql(tenantIds, this.#timeouts);
    const em = this.#orm.em.fork({ clear: true });
    em.setFilterParams(tenantFilterName, { tenantIds });
    return await this.#open(em, settings);
  }

  async #openAsReader(characteristics: string): Promise<OpenTransaction> {
    const em = this.#orm.em.fork({ clear: true });
    // The reader sees every tenant by design, so the filter would only be in its way.
    em.setFilterParams(tenantFilterName, { tenantIds: [] });
    return await this.#open(em, characteristics + readerTransactionSql(this.#timeouts));
  }

  async #run<T>(open: () => Promise<OpenTransaction>, work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    if (this.#opening.size >= openingMax) throw new StorageCrowdedError("too many transactions wait for a connection");
    try {
      const transaction = await open();
      return await orRollBack(transaction, async () => {
        const result = await work(transaction);
        await transaction.commit();
        return result;
      });
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  /**
   * Waits for connections that are being opened. The query builder loses one that arrives while it closes its pool, which
   * then waits for it for ever.
   */
  async opened(): Promise<void> {
    await Promise.allSettled(this.#opening);
  }

  async #begin(em: EntityManager): Promise<void> {
    const begun = orUnavailable(() => em.begin());
    this.#opening.add(begun);
    try {
      await begun;
      this.#openedAt = performance.now();
    } finally {
      this.#opening.delete(begun);
    }
  }

  async #open(em: EntityManager, settings: string): Promise<OpenTransaction> {
    await this.#begin(em);
    const context = em.getTransactionContext<Kysely<unknown>>();
    if (context === undefined) throw new Error("a transaction has begun without a context");
    const transaction: OpenTransaction = {
      em,
      query: async <Row>(sql: string, parameters: readonly unknown[]) => {
        const { rows } = await context.executeQuery(CompiledQuery.raw(sql, [...parameters]));
        return rows as Row[];
      },
      commit: () => em.commit(),
      rollback: () => em.rollback(),
    };
    await orRollBack(transaction, () => context.executeQuery(CompiledQuery.raw(settings)));
    return transaction;
  }
}
