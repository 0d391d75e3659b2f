import { createServer as createHttp1, type Server as Http1Server, type ServerOptions } from "node:http";
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createHttps } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { connectionBounds } from "../abuse/connection-bounds.ts";
import type { ConnectionGuard } from "../abuse/connection-guard.ts";
import { type ListenAddress, ListenError } from "../listen-error.ts";
import { headerListBytes } from "../raw-headers.ts";
import type { Tls } from "../tls.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";

/** All headers of one request together, its target included. Connect's GET carries its message there. */
const headerBytesMax = connectionBounds.headerListBytesMax;
/** Without its headers, or its first byte, for this long a connection is given up. */
const headersTimeoutMs = 10_000;
/** One request, body included, over HTTP/1.1. The body alone has a shorter bound. */
const requestTimeoutMs = 30_000;
/** A connection without a request. Longer than load balancers keep theirs, so that they close first. */
const idleTimeoutMs = 75_000;
const timeoutsCheckedEveryMs = 1_000;
/** One connection may have this many calls in flight, each of which may hold a request of 64 KiB. */
const streamsPerConnectionMax = 256;

/** The first bytes of a connection that speaks HTTP/2 without having agreed on it (RFC 9113, 3.4). */
const http2Preface = Buffer.from("PRI * HTTP/2.0");

if (requestTimeoutMs < headersTimeoutMs) throw new Error("a request's headers are a part of it");

export type RequestListener = (request: NodeRequest, response: NodeResponse) => void;

/** Both versions of HTTP on one port: by their first bytes, or as agreed in the TLS handshake. */
export class HttpListener {
  readonly #http1: Http1Server;
  readonly #http2: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Connections that have not said yet what they speak. */
  readonly #silent = new Set<Socket>();

  /** @param tls absent: without encryption */
  constructor(onRequest: RequestListener, tls?: Tls) {
    const options = {
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: timeoutsCheckedEveryMs,
    };
    const takeBounded: RequestListener = (request, response) => {
      if (areHeadersBounded(request)) return onRequest(request, response);
      response.statusCode = 431;
      // The rest of such a request is not waited for.
      if (request.httpVersionMajor < 2) response.setHeader("connection", "close");
      response.end();
    };
    this.#http1 = tls === undefined ? createHttp1(options, takeBounded) : createEncrypted(tls, options, takeBounded);
    this.#http2 = createHttp2(
      {
        maxHeaderListPairs: connectionBounds.headerPairsMax,
        settings: { maxConcurrentStreams: streamsPerConnectionMax, maxHeaderListSize: headerBytesMax },
      },
      takeBounded,
    );
    this.#http2.on("session", (session) => this.#hold(session));
    // Connections come to the one server that listens, which hands those of the other version on.
    const connected = tls === undefined ? "connection" : "secureConnection";
    const [takeHttp1] = this.#http1.listeners(connected);
    if (takeHttp1 === undefined) throw new Error("the HTTP server takes no connections");
    this.#http1.removeAllListeners(connected);
    const take = (socket: Socket, isHttp2: boolean) => {
      if (isHttp2) this.#takeHttp2(socket);
      else takeHttp1.call(this.#http1, socket);
    };
    if (tls === undefined) this.#http1.on(connected, (socket: Socket) => this.#listenFirst(socket, take));
    else this.#http1.on(connected, (socket: TLSSocket) => take(socket, socket.alpnProtocol === "h2"));
  }

  /** To be called once, before it listens. */
  guardBy(guard: ConnectionGuard): void {
    guard.watch(this.#http1, this.#http2);
  }

  /** @throws ListenError */
  async listen(address: ListenAddress): Promise<ListenAddress> {
    const port = await new Promise<number>((resolve, reject) => {
      const fail = (error: Error) => reject(new ListenError("HTTP", address, error));
      this.#http1.once("error", fail);
      this.#http1.listen(address.port, address.host, () => {
        this.#http1.off("error", fail);
        const bound = this.#http1.address();
        resolve(typeof bound === "object" && bound !== null ? bound.port : address.port);
      });
    });
    return { host: address.host, port };
  }

  /** Takes no more connections, and closes those that are idle at once, the others when they have answered. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http1.close(() => resolve()));
    for (const socket of this.#silent) socket.destroy();
    for (const session of this.#sessions) session.close();
    // One that was answering in this moment would else wait for a next request.
    const timer = setInterval(() => this.#http1.closeIdleConnections(), 20);
    this.#http1.closeIdleConnections();
    await closed.finally(() => clearInterval(timer));
  }

  /** Cuts off what is left. */
  destroy(): void {
    for (const socket of this.#silent) socket.destroy();
    for (const session of this.#sessions) session.destroy();
    this.#http1.closeAllConnections();
  }

  #hold(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once("close", () => this.#sessions.delete(session));
    session.setTimeout(idleTimeoutMs, () => session.close());
    // A broken connection concerns nobody but its caller, and would end the process if nobody listened.
    session.on("error", () => undefined);
  }

  #takeHttp2(socket: Socket): void {
    // The server that accepted it keeps connections that the other end has closed, as HTTP/1.1 may go on in one direction.
    // A session of HTTP/2 would not hear of its end then, and keep what it had to send.
    socket.allowHalfOpen = false;
    this.#http2.emit("connection", socket);
  }

  #listenFirst(socket: Socket, take: (socket: Socket, isHttp2: boolean) => void): void {
    let heard = Buffer.alloc(0);
    const listen = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      heard = Buffer.concat([heard, chunk]);
      const compared = Math.min(heard.byteLength, http2Preface.byteLength);
      const isHttp2 = heard.subarray(0, compared).equals(http2Preface.subarray(0, compared));
      if (isHttp2 && compared < http2Preface.byteLength) return;
      forget();
      socket.unshift(heard);
      take(socket, isHttp2);
    };
    const end = () => socket.destroy();
    const forget = () => {
      clearTimeout(timer);
      this.#silent.delete(socket);
      socket.off("readable", listen).off("error", end).off("end", end).off("close", forget);
    };
    const timer = setTimeout(end, headersTimeoutMs);
    this.#silent.add(socket);
    socket.on("readable", listen).on("error", end).on("end", end).on("close", forget);
  }
}

/**
 * For HTTP/1.1 Node bounds the bytes alone: what it has for their number would drop the rest in silence. For HTTP/2 it
 * bounds the number, asks clients to keep to the bytes, and holds them to it only once they have confirmed that.
 */
function areHeadersBounded({ httpVersionMajor, rawHeaders }: NodeRequest): boolean {
  return httpVersionMajor < 2
    ? rawHeaders.length / 2 <= connectionBounds.headerPairsMax
    : headerListBytes(rawHeaders) <= headerBytesMax;
}

function createEncrypted(tls: Tls, options: ServerOptions, onRequest: RequestListener): Http1Server {
  const server = createHttps(
    {
      ...options,
      ...tls.current,
      requestCert: tls.demandsClientCertificate,
      rejectUnauthorized: true,
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: headersTimeoutMs,
    },
    onRequest,
  );
  tls.onChange((context) => server.setSecureContext({ ...context }));
  return server;
}
