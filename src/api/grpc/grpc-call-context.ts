import type { Metadata } from "@grpc/grpc-js";
import type { Principal } from "../../domain/principal.ts";
import { addressIn } from "../abuse/connection-name.ts";
import type { Caller } from "../auth/caller.ts";
import { requestIdFrom, requestIdHeader } from "../request-id.ts";
import type { CallContext } from "../unary-handler.ts";

/** What is needed of a grpc-js call; its `cancelled` event also comes when the deadline has passed. */
export interface EndableCall {
  readonly cancelled: boolean;
  readonly metadata: Metadata;
  getHost(): string;
  getPeer(): string;
  once(event: "cancelled", listener: () => void): unknown;
}

/** The context of a unary call, and what is known of its caller until that is let in. */
export class GrpcCallContext implements CallContext, Caller {
  readonly #call: EndableCall;
  #requestId: string | undefined;
  #principal: Principal | undefined;
  #isAnswered = false;
  #controller: AbortController | undefined;

  constructor(call: EndableCall) {
    this.#call = call;
  }

  /** Made when first asked for, which for nearly all calls nobody does. */
  get requestId(): string {
    this.#requestId ??= requestIdFrom(this.#call.metadata.get(requestIdHeader)[0]);
    return this.#requestId;
  }

  get principal(): Principal {
    if (this.#principal === undefined) throw new Error("the call has not been let in");
    return this.#principal;
  }

  /** To be called before a handler sees the context. */
  admit(principal: Principal): void {
    this.#principal = principal;
  }

  get authorization(): string | undefined {
    const [sent] = this.#call.metadata.get("authorization");
    return typeof sent === "string" ? sent : undefined;
  }

  get host(): string {
    return this.#call.getHost();
  }

  /** By its ends, as `transportErrors` has grpc-js name it. */
  get connection(): string {
    return this.#call.getPeer();
  }

  get peer(): string {
    return addressIn(this.#call.getPeer());
  }

  get isGone(): boolean {
    return !this.#isAnswered && this.#call.cancelled;
  }

  /** Made when first asked for: it costs more than all the rest of a context, and few handlers need it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.isGone) this.#abort();
      else this.#call.once("cancelled", () => this.#abort());
    }
    return this.#controller.signal;
  }

  /** To be called before the answer is sent: grpc-js reports every call that has ended as cancelled. */
  answered(): void {
    this.#isAnswered = true;
  }

  /** Whether the error only says that the work was given up because the caller had gone. */
  explains(error: unknown): boolean {
    return this.isGone && error instanceof Error && error.name === "AbortError";
  }

  #abort(): void {
    if (!this.#isAnswered) this.#controller?.abort(new DOMException("the caller no longer waits", "AbortError"));
  }
}
