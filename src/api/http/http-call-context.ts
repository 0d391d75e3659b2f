import type { Principal } from "../../domain/principal.ts";
import type { CallContext } from "../unary-handler.ts";
import type { Exchange } from "./exchange.ts";

/** Why a call ends before its work has. */
export type CallEnd = "CANCELLED" | "DEADLINE_EXCEEDED";

/** The call has ended before its work had. Nobody knows what the work will have done. */
export class CallEndedError extends Error {
  override readonly name = "CallEndedError";
  readonly end: CallEnd;

  constructor(end: CallEnd) {
    super(end === "CANCELLED" ? "the caller has left" : "the deadline has passed");
    this.end = end;
  }
}

/** The context of one RPC that came by HTTP. */
export class HttpCallContext implements CallContext {
  readonly requestId: string;
  readonly #controller = new AbortController();
  readonly #ended = Promise.withResolvers<never>();
  readonly #timer: NodeJS.Timeout | undefined;
  #principal: Principal | undefined;
  #isAnswered = false;

  /** @param timeoutMs how long the caller will wait */
  constructor(exchange: Exchange, timeoutMs: number | undefined) {
    this.requestId = exchange.requestId;
    this.#ended.promise.catch(() => undefined);
    exchange.onceGone(() => this.#end("CANCELLED"));
    if (exchange.isGone) this.#end("CANCELLED");
    this.#timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#end("DEADLINE_EXCEEDED"), timeoutMs);
  }

  get principal(): Principal {
    if (this.#principal === undefined) throw new Error("the call has not been let in");
    return this.#principal;
  }

  /** To be called before a handler sees the context. */
  admit(principal: Principal): void {
    this.#principal = principal;
  }

  get isGone(): boolean {
    return this.#controller.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * What the work comes to, unless the call ends first.
   *
   * @throws CallEndedError, and what the work throws
   */
  async within<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#ended.promise]);
    } finally {
      this.#isAnswered = true;
      clearTimeout(this.#timer);
    }
  }

  #end(end: CallEnd): void {
    if (this.#isAnswered || this.isGone) return;
    this.#controller.abort(new DOMException("the caller no longer waits", "AbortError"));
    this.#ended.reject(new CallEndedError(end));
  }
}
