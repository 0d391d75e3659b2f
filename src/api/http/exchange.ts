import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from "node:http2";
import type { UnsentAnswers } from "../abuse/unsent-answers.ts";
import type { Caller } from "../auth/caller.ts";
import { requestIdFrom, requestIdHeader } from "../request-id.ts";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** What an endpoint answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** One request and its response, over either version of HTTP. */
export class Exchange implements Caller {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly requestId: string;
  readonly path: string;
  /** With its question mark; empty without one. */
  readonly query: string;
  readonly #unsent: UnsentAnswers;
  #isAnswered = false;
  #isGone = false;

  constructor(request: NodeRequest, response: NodeResponse, unsent: UnsentAnswers) {
    this.#unsent = unsent;
    this.request = request;
    this.response = response;
    this.requestId = requestIdFrom(this.header(requestIdHeader));
    [this.path, this.query] = targetOf(request.url ?? "/");
    response.once("close", () => {
      this.#isGone = !this.#isAnswered;
    });
  }

  get method(): string {
    return this.request.method ?? "";
  }

  get isHttp2(): boolean {
    return this.request.httpVersionMajor >= 2;
  }

  /** Several of one name count as none: no proxy says which one it checked. */
  get authorization(): string | undefined {
    const { rawHeaders } = this.request;
    let found: string | undefined;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      if (rawHeaders[index]?.toLowerCase() !== "authorization") continue;
      if (found !== undefined) return undefined;
      found = rawHeaders[index + 1];
    }
    return found;
  }

  get host(): string | undefined {
    return this.header(":authority") ?? this.header("host");
  }

  /** The peer's address and port, which no two open connections share. */
  get connection(): string {
    const { remoteAddress, remotePort } = this.request.socket;
    return `${remoteAddress}:${remotePort}`;
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
    this.response.once("close", () => {
      if (!this.#isAnswered) listener();
    });
  }

  /** The connection carries no further request. Over HTTP/2 that is told apart from answers. */
  closeAfterwards(): void {
    if (!this.isHttp2) this.response.setHeader("connection", "close");
  }

  /** Without effect when the caller has gone. */
  send({ status, headers = {}, body = "" }: Answer): void {
    this.#isAnswered = true;
    // The socket of a caller that has gone has nothing left to write to.
    if (this.response.destroyed || this.response.headersSent) return;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const { response } = this;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader("content-length", bytes.byteLength);
    // What is left of a body that was given up must not be taken for the next request, nor be waited for.
    const isCutShort = !this.request.complete;
    if (isCutShort) this.closeAfterwards();
    response.statusCode = status;
    // Over HTTP/2 the rest of a stream would be waited for as well.
    if (isCutShort && "stream" in response) closeWhenSent(response.stream);
    const { connection } = this;
    this.#unsent.add(connection, bytes.byteLength);
    response.once("close", () => this.#unsent.taken(connection, bytes.byteLength));
    response.end(this.method === "HEAD" ? "" : bytes);
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
