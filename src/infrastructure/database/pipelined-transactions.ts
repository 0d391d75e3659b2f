import type pg from "pg";
import { orUnavailable, translateDatabaseError } from "./database-errors.ts";
import { orRollBack } from "./or-roll-back.ts";
import {
  appTransactionSql,
  authTransactionSql,
  genericPlansSql,
  type StatementTimeouts,
} from "./transaction-settings.ts";

/** SQL that is run again and again, with a name under which the server keeps it parsed and planned. */
export interface Statement {
  readonly name: string;
  readonly sql: string;
}

/** Rows as arrays of the server's texts: parsing by type is left to whoever knows the columns. */
export type TextRow = readonly (string | null)[];

export interface PipelinedOptions {
  readonly timeouts: StatementTimeouts;
  /** False where a pooler gives each transaction another connection and does not carry named statements over. */
  readonly namedStatements: boolean;
}

/** Opens transactions whose statements follow each other without waiting. */
export class PipelinedTransactions {
  readonly #pool: pg.Pool;
  readonly #options: PipelinedOptions;

  constructor(pool: pg.Pool, options: PipelinedOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** A transaction on the rows of these tenants. @throws StorageUnavailableError without a connection */
  async open(tenantIds: readonly string[]): Promise<PipelinedTransaction> {
    return await this.#open(appTransactionSql(tenantIds, this.#options.timeouts));
  }

  /** One statement in a transaction of its own, which costs one round trip. @throws the ports' errors */
  async read(tenantIds: readonly string[], statement: Statement, parameters: readonly unknown[]): Promise<TextRow[]> {
    return await this.#read(appTransactionSql(tenantIds, this.#options.timeouts), statement, parameters);
  }

  /** The same on the credentials of callers. */
  async readAsAuth(statement: Statement, parameters: readonly unknown[]): Promise<TextRow[]> {
    return await this.#read(authTransactionSql(this.#options.timeouts), statement, parameters);
  }

  async #open(settings: string): Promise<PipelinedTransaction> {
    const client = await orUnavailable(() => this.#pool.connect());
    return new PipelinedTransaction(client, `${settings}; ${genericPlansSql}`, this.#options.namedStatements);
  }

  async #read(settings: string, statement: Statement, parameters: readonly unknown[]): Promise<TextRow[]> {
    try {
      const transaction = await this.#open(settings);
      return await orRollBack(transaction, async () => {
        const rows = transaction.query(statement, parameters);
        const [read] = await Promise.all([rows, transaction.commit()]);
        return read;
      });
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  /** Waits for transactions under way. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const asText = { getTypeParser: () => (text: string) => text };

/** One transaction. Its statements are run in the order of the calls; a later one may be sent before an earlier is answered. */
export class PipelinedTransaction {
  readonly #client: pg.PoolClient;
  readonly #isNamed: boolean;
  /**
   * The first failure. Statements behind it fail too, with nothing but that the transaction is aborted, and which of them is
   * heard of first is chance: all of them report this one.
   */
  #failure: unknown;
  #isReleased = false;

  constructor(client: pg.PoolClient, settings: string, isNamed: boolean) {
    this.#client = client;
    this.#isNamed = isNamed;
    // Not waited for: when they fail, so does the first statement.
    this.#send("begin").catch(() => undefined);
    this.#send(settings).catch(() => undefined);
  }

  async query(statement: Statement, parameters: readonly unknown[]): Promise<TextRow[]> {
    const values = [...parameters];
    const answer = await this.#send({
      ...(this.#isNamed ? { name: statement.name } : {}),
      text: statement.sql,
      values,
      rowMode: "array",
      types: asText,
    });
    const rows = answer.rows as TextRow[];
    // Queries that the driver is done with keep each other out of the young generation, and wait there for a collection of the whole
    // heap (see decision 0007). What is heavy in them need not; where one has failed, that is seldom enough.
    values.length = 0;
    answer.rows = [];
    return rows;
  }

  /** @throws what the driver throws, untranslated: the caller must tell a refused commit from a lost connection */
  async commit(): Promise<void> {
    await this.#send("commit");
    this.#release();
  }

  /** Gives the connection back, whatever became of it. */
  async rollback(): Promise<void> {
    if (this.#isReleased) return;
    await this.#client.query("rollback").catch(() => undefined);
    this.#release();
  }

  async #send(query: string | pg.QueryArrayConfig): Promise<pg.QueryResult | pg.QueryArrayResult> {
    try {
      return await (typeof query === "string" ? this.#client.query(query) : this.#client.query(query));
    } catch (error) {
      this.#failure ??= error;
      throw this.#failure;
    }
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#client.release();
  }
}
