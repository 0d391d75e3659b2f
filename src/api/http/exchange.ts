import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from "node:http2";
import type { Principal } from "../../domain/principal.ts";
import { connectionName } from "../abuse/connection-name.ts";
import type { DoorBounds } from "../abuse/door-bounds.ts";
import type { Caller } from "../auth/caller.ts";
import { countOf } from "../raw-headers.ts";
import { requestIdFrom, requestIdHeader } from "../request-id.ts";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** What an endpoint answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** These have no body, and so no length of one (RFC 9110, 8.6). */
const bodiless: ReadonlySet<number> = new Set([204, 304]);

/** One request and its response, over either version of HTTP. */
export class Exchange implements Caller {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly requestId: string;
  readonly path: string;
  /** With its question mark; empty without one. */
  readonly query: string;
  /** Who was let in, and holds the answer until it is read. */
  principal: Principal | undefined;
  readonly #bounds: DoorBounds;
  readonly #goneListeners: (() => void)[] = [];
  #connection: string | undefined;
  #isAnswered = false;
  #isEnded = false;
  #isGone = false;
  /** Counts the answer's bytes off again. */
  #letGo: (() => void) | undefined;

  constructor(request: NodeRequest, response: NodeResponse, bounds: DoorBounds) {
    this.#bounds = bounds;
    this.request = request;
    this.response = response;
    this.requestId = requestIdFrom(this.header(requestIdHeader));
    [this.path, this.query] = targetOf(request.url ?? "/");
    response.once("close", () => this.#end());
  }

  get method(): string {
    return this.request.method ?? "";
  }

  get isHttp2(): boolean {
    return this.request.httpVersionMajor >= 2;
  }

  get authorization(): string | undefined {
    return countOf("authorization", this.request.rawHeaders) > 1 ? undefined : this.request.headers.authorization;
  }

  get host(): string | undefined {
    return this.header(":authority") ?? this.header("host");
  }

  /** By its ends, which no two open connections share. */
  get connection(): string {
    this.#connection ??= connectionName(this.request.socket);
    return this.#connection;
  }

  get peer(): string {
    return this.request.socket.remoteAddress ?? "";
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** Whether the caller has left without waiting for the answer. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Calls back when the caller leaves without waiting for the answer. */
  onceGone(listener: () => void): void {
    this.#goneListeners.push(listener);
  }

  /** The request is no call: counted against its connection. @returns the same */
  noCall(answer: Answer): Answer {
    this.fault();
    return answer;
  }

  /** The call cannot be read, or nobody knows who makes it: counted against its connection. */
  fault(): void {
    this.#bounds.connections.fault(this.connection);
  }

  /** @throws CallerThrottledError when too many answers wait to be read */
  requireRoom(): void {
    this.#bounds.unsent.requireRoom(this, this.principal);
  }

  /** Bytes of the request that are read only to be thrown away. */
  discarded(bytes: number): void {
    this.#bounds.connections.account(this.connection, bytes);
  }

  /**
   * Counts bytes of the answer as unread until the exchange has ended, in place of those that were held before: what
   * becomes of an answer on its way out takes room as well.
   */
  hold(bytes: number): void {
    if (this.#isEnded) return;
    this.#letGo?.();
    this.#letGo = bytes === 0 ? undefined : this.#bounds.unsent.add(this.connection, bytes, this.principal);
  }

  /** The connection carries no further request. Over HTTP/2 that is told apart from answers. */
  closeAfterwards(): void {
    if (!this.isHttp2) this.response.setHeader("connection", "close");
  }

  /** Without effect when the caller has gone. */
  send({ status, headers = {}, body = "" }: Answer): void {
    // What has ended does not end once more, so that nothing would take back what is counted now.
    if (this.#isEnded || this.response.headersSent) return;
    this.#isAnswered = true;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const { response } = this;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!bodiless.has(status)) response.setHeader("content-length", bytes.byteLength);
    // What is left of a body that was given up must not be taken for the next request, nor be waited for.
    const isCutShort = !this.request.complete;
    if (isCutShort) this.closeAfterwards();
    response.statusCode = status;
    // Over HTTP/2 the rest of a stream would be waited for as well.
    if (isCutShort && "stream" in response) closeWhenSent(response.stream);
    const sent = this.method === "HEAD" ? "" : bytes;
    this.hold(sent.length);
    response.end(sent);
  }

  /** The answer is out, or the caller has left. Nothing follows. */
  #end(): void {
    if (this.#isEnded) return;
    this.hold(0);
    this.#isEnded = true;
    this.#isGone = !this.#isAnswered;
    if (this.#isGone) for (const listener of this.#goneListeners) listener();
  }
}

function closeWhenSent(stream: ServerHttp2Stream): void {
  stream.once("finish", () => stream.close());
}

/** Path and query of a request target, which may be a whole URL (RFC 9112, 3.2.2). */
function targetOf(target: string): [path: string, query: string] {
  const local = target.startsWith("/") ? target : URL.parse(target)?.href.replace(/^[a-z]+:\/\/[^/]*/i, "");
  const whole = local ?? target;
  const mark = whole.indexOf("?");
  return mark === -1 ? [whole, ""] : [whole.slice(0, mark), whole.slice(mark)];
}

export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}
