import pg from "pg";
import { type ParametrisedText, type TextAnswer, TextQuery } from "./text-query.ts";

/** The server or the network has gone silent. The code is the system's for it, by which it is told from a refusal. */
class SilenceError extends Error {
  readonly code = "ETIMEDOUT";

  constructor(timeoutMs: number) {
    super(`the database did not answer for ${timeoutMs} ms`);
  }
}

/**
 * A connection of the pool for the time of one transaction. Queries follow each other without waiting. One timer watches over all
 * that is unanswered: silence ends the connection, lest a late answer be taken for the next query's.
 */
export class PipelinedConnection {
  readonly #client: pg.PoolClient;
  readonly #answerTimeoutMs: number;
  #unanswered = 0;
  #watch: NodeJS.Timeout | undefined;
  #isReleased = false;

  /** @param answerTimeoutMs from one answer to the next */
  constructor(client: pg.PoolClient, answerTimeoutMs: number) {
    this.#client = client;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** @throws what the driver throws */
  async send(query: string | ParametrisedText): Promise<TextAnswer> {
    if (this.#unanswered === 0) this.#watch = setTimeout(() => this.#fallSilent(), this.#answerTimeoutMs);
    this.#unanswered += 1;
    try {
      return await this.#submit(new TextQuery(query));
    } catch (error) {
      // Made where the answer was read; whoever looks for the cause wants to know who asked. A lost connection is everybody's.
      if (error instanceof pg.DatabaseError) Error.captureStackTrace(error);
      throw error;
    } finally {
      this.#unanswered -= 1;
      if (this.#unanswered === 0) clearTimeout(this.#watch);
      else this.#watch?.refresh();
    }
  }

  #submit(query: TextQuery): Promise<TextAnswer> {
    try {
      return this.#client.query(query).answer;
    } catch (error) {
      // Half of it may be sent. What came next would be taken for the other half.
      this.#close(error instanceof Error ? error : new Error("a query could not be sent", { cause: error }));
      throw error;
    }
  }

  /** Gives it back, whatever became of it. To be called when all is answered. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#client.release();
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  #fallSilent(): void {
    this.#close(new SilenceError(this.#answerTimeoutMs));
  }

  /** All queries fail with this. `end()` would wait for their answers; pg does not declare the stream, which is the only way. */
  #close(reason: Error): void {
    const { connection } = this.#client as unknown as { connection: { stream: { destroy(error: Error): void } } };
    connection.stream.destroy(reason);
  }
}
