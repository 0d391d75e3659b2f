import { CallerThrottledError } from "../../domain/errors/access-errors.ts";
import type { Principal } from "../../domain/principal.ts";
import { networkOf } from "../network-of.ts";
import { principalKey } from "./caller-bounds.ts";
import { addressIn } from "./connection-name.ts";

/** Answers of a connection that it has not taken yet. */
const connectionUnsentBytesMax = 8 * 1024 * 1024;
/** The same of all connections of a tenant's own credential, which the least trusted hold. */
const tenantUnsentBytesMax = 16 * 1024 * 1024;
/** The same of all connections together. */
const unsentBytesMax = 128 * 1024 * 1024;

/** A call of whose connection nothing is asked as long as no answer waits anywhere: its name costs more than the question. */
export interface CallerOnConnection {
  readonly connection: string;
}

/** What waits on one connection. */
interface Waiting {
  bytes: number;
  /** By holder. A proxy has calls of many on one connection. */
  readonly held: Map<string, number>;
}

/**
 * Counts the answers that wait for their readers. Who asks for pages and does not read them would otherwise have the server
 * keep them all: a connection may have a thousand calls in flight, and a page is up to a mebibyte.
 *
 * A connection or a tenant beyond its bound is refused further calls. Beyond the bound of all, nobody is refused for what
 * others leave unread: the connections of who holds the most are closed, until it is kept.
 */
export class UnsentAnswers {
  readonly #closeConnection: (connection: string) => void;
  readonly #byConnection = new Map<string, Waiting>();
  readonly #byHolder = new Map<string, number>();
  #bytes = 0;

  constructor(closeConnection: (connection: string) => void) {
    this.#closeConnection = closeConnection;
  }

  /** Bytes that wait on all connections. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that wait on the connection. */
  waitingOn(connection: string): number {
    return this.#byConnection.get(connection)?.bytes ?? 0;
  }

  /**
   * To be asked before work is begun, and once more before an answer that may be withheld because nothing was changed.
   *
   * @param principal undefined: nobody was let in
   * @throws CallerThrottledError
   */
  requireRoom(caller: CallerOnConnection, principal: Principal | undefined): void {
    if (this.#bytes === 0) return;
    if (this.waitingOn(caller.connection) > connectionUnsentBytesMax) {
      throw new CallerThrottledError(
        "peer",
        "answers on this connection wait to be read, as many as one may keep waiting",
      );
    }
    if (principal?.role === "TENANT" && (this.#byHolder.get(principalKey(principal)) ?? 0) > tenantUnsentBytesMax) {
      throw new CallerThrottledError(
        "api_key",
        "answers to this credential wait to be read, as many as one may keep waiting",
      );
    }
  }

  /**
   * Counts an answer that is about to be sent.
   *
   * @param principal absent: nobody was let in
   * @returns to be called when the call has ended; without effect when it was called, or its connection was closed for all
   */
  add(connection: string, bytes: number, principal?: Principal): () => void {
    if (bytes === 0) return () => undefined;
    const holder = holderOf(connection, principal);
    const waiting = this.#byConnection.get(connection) ?? { bytes: 0, held: new Map<string, number>() };
    this.#byConnection.set(connection, waiting);
    this.#change(waiting, holder, bytes);
    while (this.#bytes > unsentBytesMax) this.#closeLargest();
    let isTaken = false;
    return () => {
      if (isTaken || !waiting.held.has(holder)) return;
      isTaken = true;
      this.#change(waiting, holder, -bytes);
      if (waiting.bytes === 0 && this.#byConnection.get(connection) === waiting) this.#byConnection.delete(connection);
    };
  }

  #change(waiting: Waiting, holder: string, bytes: number): void {
    this.#bytes += bytes;
    waiting.bytes += bytes;
    addTo(waiting.held, holder, bytes);
    addTo(this.#byHolder, holder, bytes);
  }

  #closeLargest(): void {
    const [holder] = largestOf(this.#byHolder, (bytes) => bytes);
    const [connection, waiting] = largestOf(this.#byConnection, ({ held }) => held.get(holder) ?? 0);
    for (const [name, bytes] of [...waiting.held]) this.#change(waiting, name, -bytes);
    this.#byConnection.delete(connection);
    this.#closeConnection(connection);
  }
}

/** Without authentication all are one principal, so that nothing but the network tells them apart. */
function holderOf(connection: string, principal: Principal | undefined): string {
  return principal?.role === undefined ? `network ${networkOf(addressIn(connection))}` : principalKey(principal);
}

function addTo(sums: Map<string, number>, key: string, bytes: number): void {
  const sum = (sums.get(key) ?? 0) + bytes;
  if (sum > 0) sums.set(key, sum);
  else sums.delete(key);
}

function largestOf<T>(entries: ReadonlyMap<string, T>, size: (entry: T) => number): [string, T] {
  const [first, ...rest] = entries;
  if (first === undefined) throw new Error("bytes are counted that nobody holds");
  return rest.reduce((largest, entry) => (size(entry[1]) > size(largest[1]) ? entry : largest), first);
}
