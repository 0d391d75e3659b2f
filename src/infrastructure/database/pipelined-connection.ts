import type pg from "pg";
import { type ParametrisedText, type TextAnswer, TextQuery } from "./text-query.ts";

/** What a silent connection is closed with. pg has the same words for it, and so has `isConnectionLoss`. */
const silenceText = "Query read timeout";

/**
 * A connection of the pool for the time of one transaction. Queries follow each other without waiting. One timer watches over all
 * that is unanswered: a server or network that has gone silent ends the connection, lest a late answer be taken for the next query's.
 */
export class PipelinedConnection {
  readonly #client: pg.PoolClient;
  readonly #answerTimeoutMs: number;
  #unanswered = 0;
  #watch: NodeJS.Timeout | undefined;
  #isReleased = false;

  constructor(client: pg.PoolClient, answerTimeoutMs: number) {
    this.#client = client;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** @throws what the driver throws */
  async send(query: string | ParametrisedText): Promise<TextAnswer> {
    if (this.#unanswered === 0) this.#watch = setTimeout(() => this.#close(), this.#answerTimeoutMs);
    this.#unanswered += 1;
    try {
      return await this.#client.query(new TextQuery(query)).answer;
    } catch (error) {
      // Made where the answer was read; whoever looks for the cause wants to know who asked.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    } finally {
      this.#unanswered -= 1;
      if (this.#unanswered === 0) clearTimeout(this.#watch);
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

  /** All queries fail with this. `end()` would wait for their answers; pg does not declare the stream, which is the only way. */
  #close(): void {
    const { connection } = this.#client as unknown as { connection: { stream: { destroy(error: Error): void } } };
    connection.stream.destroy(new Error(silenceText));
  }
}
