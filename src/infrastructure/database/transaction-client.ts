import pg from "pg";
import { assertCommitted } from "./commit-rolled-back-error.ts";
import { isConnectionLoss } from "./database-errors.ts";

/** What pg rejects with when its own `query_timeout` passes; the connection has an unanswered query then. */
const readTimeoutText = "Query read timeout";

/**
 * A connection with three manners that the ORM's transactions rely on:
 *
 * - COMMIT that came back as ROLLBACK fails;
 * - BEGIN and ROLLBACK on a lost connection succeed: there is nothing left to roll back, and the first statement will fail. The
 *   query builder gives a connection back to its pool only after a BEGIN and a roll-back that succeeded, and would leak it for
 *   good otherwise;
 * - a query without an answer in time closes the connection, lest its late answer be taken for the next query's.
 */
export class TransactionClient extends pg.Client {
  // pg overloads `query` eight ways; all of them pass through unchanged, so the type of the answer stays the caller's.
  override query(...args: unknown[]): never {
    return this.#guard(args) as never;
  }

  #guard(args: unknown[]): unknown {
    const answer: unknown = super.query(...(args as Parameters<pg.Client["query"]>));
    if (!(answer instanceof Promise)) return answer;
    const guarded = answer.catch((error: unknown) => this.#closeAfterTimeout(error));
    const text = textOf(args[0]);
    if (text === "commit") return guarded.then(committed);
    if (text === "rollback") return guarded.catch(() => answered("ROLLBACK"));
    if (text === "begin") return guarded.catch(succeedWhenLost);
    return guarded;
  }

  #closeAfterTimeout(error: unknown): never {
    if (error instanceof Error && error.message === readTimeoutText) {
      // `end()` would wait for the unanswered query. pg does not declare the stream, which is the only way to cut it off.
      const { connection } = this as unknown as { connection: { stream: { destroy(): void } } };
      connection.stream.destroy();
    }
    throw error;
  }
}

function answered(command: string): pg.QueryResult {
  return { command, rowCount: null, rows: [], fields: [], oid: 0 };
}

function succeedWhenLost(error: unknown): pg.QueryResult {
  if (isConnectionLoss(error)) return answered("BEGIN");
  throw error;
}

function committed(answer: pg.QueryResult): pg.QueryResult {
  assertCommitted(answer.command);
  return answer;
}

function textOf(query: unknown): unknown {
  return typeof query === "object" && query !== null && "text" in query ? query.text : query;
}
