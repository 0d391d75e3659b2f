import { CallerThrottledError } from "../../domain/errors/access-errors.ts";
import { OverloadedError } from "../../domain/errors/availability-errors.ts";

/** Answers of a connection that it has not taken yet. */
const connectionUnsentBytesMax = 8 * 1024 * 1024;
/** The same of all connections together. */
const unsentBytesMax = 128 * 1024 * 1024;

/**
 * Counts the answers that wait for their readers. Who asks for pages and does not read them would otherwise have the server
 * keep them all: a connection may have a thousand calls in flight, and a page is up to a mebibyte.
 */
export class UnsentAnswers {
  readonly #byConnection = new Map<string, number>();
  #bytes = 0;

  /**
   * To be asked before work is begun, and once more before an answer that may be withheld because nothing was changed.
   *
   * @throws CallerThrottledError, OverloadedError
   */
  requireRoom(connection: string): void {
    if ((this.#byConnection.get(connection) ?? 0) > connectionUnsentBytesMax) {
      throw new CallerThrottledError(
        "peer",
        "answers on this connection wait to be read, as many as one may keep waiting",
      );
    }
    if (this.#bytes > unsentBytesMax) throw new OverloadedError("too many answers wait to be read");
  }

  /** Counts an answer that is about to be sent; `taken` with the same two must follow when the call has ended. */
  add(connection: string, bytes: number): void {
    this.#bytes += bytes;
    this.#byConnection.set(connection, (this.#byConnection.get(connection) ?? 0) + bytes);
  }

  taken(connection: string, bytes: number): void {
    this.#bytes -= bytes;
    const left = (this.#byConnection.get(connection) ?? 0) - bytes;
    if (left > 0) this.#byConnection.set(connection, left);
    else this.#byConnection.delete(connection);
  }

  /** Bytes that wait on all connections. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that wait on the connection. */
  waitingOn(connection: string): number {
    return this.#byConnection.get(connection) ?? 0;
  }
}
