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

/** Those of one tenant, so that one that asks for much at once does not have the others turned away. */
const openingOfTenantMax = openingMax / 2;

/** Runs work in a transaction of its own that is never turned away. */
export type LookUp = <T>(work: (transaction: OpenTransaction) => Promise<T>) => Promise<T>;

/** How a transaction is opened. */
interface Opening {
  /** For the filter of tenants; none for roles that have no tenants. */
  readonly tenantIds: readonly string[];
  /** The statements that make a fresh transaction ours. */
  readonly settings: string;
  /** Opened however many wait. For what is asked seldom and must be answered. */
  readonly isExempt?: boolean;
}

/** A transaction that was opened this recently shows that the database answers. */
const servedRecentlyMs = 2_000;

/** Opens transactions. A fresh EntityManager each, because an identity map must not outlive its tenants. */
export class Transactions {
  readonly #orm: MikroORM;
  readonly #timeouts: StatementTimeouts;
  /** With the tenants that each is for, as one text. */
  readonly #opening = new Map<Promise<void>, string>();
  #openedAt = Number.NEGATIVE_INFINITY;

  constructor(orm: MikroORM, timeouts: StatementTimeouts) {
    this.#orm = orm;
    this.#timeouts = timeouts;
  }

  /** Work on the rows of these tenants; rolled back when it throws, with storage errors in the ports' words. */
  async asApp<T>(tenantIds: readonly string[], work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    return await this.#run(this.#ofApp(tenantIds), work);
  }

  /** Reads the rows of all tenants; writing fails. */
  async asReader<T>(work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    return await this.#run(this.#ofReader(""), work);
  }

  /** Reads the rows of all tenants, all statements in one snapshot; writing fails. */
  async asReaderOfSnapshot<T>(work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    return await this.#run(this.#ofReader(snapshotTransactionSql), work);
  }

  /** Reads the rows of these tenants, all statements in one snapshot; writing fails. */
  async asAppOfSnapshot<T>(
    tenantIds: readonly string[],
    work: (transaction: OpenTransaction) => Promise<T>,
  ): Promise<T> {
    return await this.#run(this.#ofApp(tenantIds, snapshotTransactionSql), work);
  }

  /** Work on the credentials of callers. */
  async asAuth<T>(work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    return await this.#run(this.#ofAuth(), work);
  }

  /** @throws StorageCrowdedError, StorageUnavailableError */
  async openAsApp(tenantIds: readonly string[]): Promise<OpenTransaction> {
    return await this.#open(this.#ofApp(tenantIds));
  }

  /** @throws StorageCrowdedError, StorageUnavailableError */
  async openAsAuth(): Promise<OpenTransaction> {
    return await this.#open(this.#ofAuth());
  }

  /** What became of a commit is found out however many wait: turned away, the answer would be that nobody knows. */
  lookUpAsApp(tenantIds: readonly string[]): LookUp {
    return (work) => this.#run({ ...this.#ofApp(tenantIds), isExempt: true }, work);
  }

  /** The same on what `quota_auth` alone sees. */
  lookUpAsAuth(): LookUp {
    return (work) => this.#run({ ...this.#ofAuth(), isExempt: true }, work);
  }

  /**
   * Whether a reader's transaction can be had, also when others are turned away. While others wait and are served, it can be: behind
   * them all, the question would come too late, and a crowd would look like an outage.
   */
  async ping(): Promise<void> {
    if (this.#opening.size > 0 && performance.now() - this.#openedAt < servedRecentlyMs) return;
    const transaction = await this.#open({ ...this.#ofReader(""), isExempt: true });
    await orRollBack(transaction, () => transaction.query("select 1", []));
    await transaction.commit();
  }

  /**
   * Waits for connections that are being opened. The query builder loses one that arrives while it closes its pool, which
   * then waits for it for ever.
   */
  async opened(): Promise<void> {
    await Promise.allSettled(this.#opening.keys());
  }

  #ofApp(tenantIds: readonly string[], characteristics = ""): Opening {
    return { tenantIds, settings: characteristics + appTransactionSql(tenantIds, this.#timeouts) };
  }

  #ofAuth(): Opening {
    return { tenantIds: [], settings: authTransactionSql(this.#timeouts) };
  }

  #ofReader(characteristics: string): Opening {
    // The reader sees every tenant by design, so the filter would only be in its way.
    return { tenantIds: [], settings: characteristics + readerTransactionSql(this.#timeouts) };
  }

  async #run<T>(opening: Opening, work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    try {
      const transaction = await this.#open(opening);
      return await orRollBack(transaction, async () => {
        const result = await work(transaction);
        await transaction.commit();
        return result;
      });
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  async #open({ tenantIds, settings, isExempt = false }: Opening): Promise<OpenTransaction> {
    const tenants = tenantIds.join(",");
    if (!isExempt) this.#requireRoom(tenants);
    const em = this.#orm.em.fork({ clear: true });
    em.setFilterParams(tenantFilterName, { tenantIds });
    await this.#begin(em, tenants);
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

  #requireRoom(tenants: string): void {
    if (this.#opening.size >= openingMax) throw new StorageCrowdedError("too many transactions wait for a connection");
    if (tenants === "" || this.#opening.size < openingOfTenantMax) return;
    const ofTenant = [...this.#opening.values()].filter((waiting) => waiting === tenants).length;
    if (ofTenant >= openingOfTenantMax) {
      throw new StorageCrowdedError("too many transactions of one tenant wait for a connection");
    }
  }

  async #begin(em: EntityManager, tenants: string): Promise<void> {
    const begun = orUnavailable(() => em.begin());
    this.#opening.set(begun, tenants);
    try {
      await begun;
      this.#openedAt = performance.now();
    } finally {
      this.#opening.delete(begun);
    }
  }
}
