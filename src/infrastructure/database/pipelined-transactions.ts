import type pg from "pg";
import { assertCommitted } from "./commit-rolled-back-error.ts";
import { orUnavailable, translateDatabaseError } from "./database-errors.ts";
import { orRollBack } from "./or-roll-back.ts";
import { PipelinedConnection } from "./pipelined-connection.ts";
import type { Parameter, ParametrisedText, TextAnswer, TextRow } from "./text-query.ts";
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

export interface PipelinedOptions {
  readonly timeouts: StatementTimeouts;
  /** After how long without any answer a connection counts as lost: later than the server ends a statement itself. */
  readonly answerTimeoutMs: number;
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
  async read(tenantIds: readonly string[], statement: Statement, parameters: readonly Parameter[]): Promise<TextRow[]> {
    return await this.#read(appTransactionSql(tenantIds, this.#options.timeouts), statement, parameters);
  }

  /** The same on the credentials of callers. */
  async readAsAuth(statement: Statement, parameters: readonly Parameter[]): Promise<TextRow[]> {
    return await this.#read(authTransactionSql(this.#options.timeouts), statement, parameters);
  }

  async #open(settings: string): Promise<PipelinedTransaction> {
    const client = await orUnavailable(() => this.#pool.connect());
    const { answerTimeoutMs, namedStatements } = this.#options;
    const connection = new PipelinedConnection(client, answerTimeoutMs);
    return new PipelinedTransaction(connection, `${settings}; ${genericPlansSql}`, namedStatements);
  }

  async #read(settings: string, statement: Statement, parameters: readonly Parameter[]): Promise<TextRow[]> {
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

/** One transaction. Its statements are run in the order of the calls; a later one may be sent before an earlier is answered. */
export class PipelinedTransaction {
  readonly #connection: PipelinedConnection;
  readonly #isNamed: boolean;
  /**
   * The first failure. Statements behind it fail too, with nothing but that the transaction is aborted, and which of them is
   * heard of first is chance: all of them report this one.
   */
  #failure: unknown;

  constructor(connection: PipelinedConnection, settings: string, isNamed: boolean) {
    this.#connection = connection;
    this.#isNamed = isNamed;
    // Not waited for: when a setting is refused, so is the first statement. Were the text itself no SQL, nothing would have begun, and
    // what follows would meet a login without rights, which every start makes sure of.
    this.#send(`begin; ${settings}`).catch(() => undefined);
  }

  async query(statement: Statement, parameters: readonly Parameter[]): Promise<TextRow[]> {
    const name = this.#isNamed ? { name: statement.name } : {};
    const { rows } = await this.#send({ ...name, text: statement.sql, parameters });
    return rows;
  }

  /** @throws what the driver throws, untranslated: the caller must tell a refused commit from a lost connection */
  async commit(): Promise<void> {
    await this.#orFirstFailure(async () => {
      const { command } = await this.#connection.send("commit");
      assertCommitted(command);
    });
    this.#connection.release();
  }

  /** Gives the connection back, whatever became of it. */
  async rollback(): Promise<void> {
    if (this.#connection.isReleased) return;
    await this.#connection.send("rollback").catch(() => undefined);
    this.#connection.release();
  }

  async #send(query: string | ParametrisedText): Promise<TextAnswer> {
    return await this.#orFirstFailure(() => this.#connection.send(query));
  }

  async #orFirstFailure<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#failure ??= error;
      throw this.#failure;
    }
  }
}
