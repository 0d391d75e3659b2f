import type { Http2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Log } from "../log.ts";
import { connectionBounds } from "./connection-bounds.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { UnsentAnswers } from "./unsent-answers.ts";

/** What a door's server is to the guard: it accepts sockets. */
export interface AcceptingServer {
  maxConnections: number;
  prependListener(event: "connection", listener: (socket: Socket) => void): unknown;
}

/** It makes HTTP/2 sessions of sockets, and may be the same server. */
export interface SessionServer {
  on(event: "session", listener: (session: Http2Session) => void): unknown;
}

export interface ConnectionGuardOptions {
  readonly connectionsMax: number;
  readonly unsent: UnsentAnswers;
  readonly log: Log;
}

interface Connection {
  /** `address:port` of the peer, by which calls name their connection. */
  readonly name: string;
  readonly address: string;
  readonly socket: Socket;
  session: Http2Session | undefined;
  streams: number;
  readonly settings: TokenBucket;
  readonly faults: TokenBucket;
  callsSinceTick: number;
  bytesReadAtTick: number;
  bytesWrittenAtTick: number;
  stalledSince: number | undefined;
}

/** The gRPC code of calls to what is no RPC. */
const unimplemented = 12;
const tickMs = 1_000;
/** Addresses whose strikes are remembered; those that have none left to count are forgotten then. */
const addressesRememberedMax = 10_000;
const now = () => performance.now();

/**
 * Closes connections that cost more than their calls account for. It counts; it does not look into frames, and a connection
 * within `connectionBounds` never notices it.
 */
export class ConnectionGuard {
  readonly #options: ConnectionGuardOptions;
  readonly #connections = new Map<string, Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #strikes = new Map<string, TokenBucket>();
  readonly #timer: NodeJS.Timeout;
  #streams = 0;

  constructor(options: ConnectionGuardOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  watch(accepting: AcceptingServer, sessions: SessionServer): void {
    accepting.maxConnections = this.#options.connectionsMax;
    // Before the server itself, which makes a session of the socket at once.
    accepting.prependListener("connection", (socket) => this.#accept(socket));
    sessions.on("session", (session) => this.#begin(session));
  }

  /** A call on the connection was none. */
  fault(name: string): void {
    const connection = this.#connections.get(name);
    if (connection !== undefined && !connection.faults.take(now())) this.#close(connection, "faulty calls");
  }

  /** Bytes of a call beyond those that each accounts for, which a door reads to throw them away. Such a call is a fault. */
  account(name: string, bytes: number): void {
    const connection = this.#connections.get(name);
    if (connection !== undefined) connection.callsSinceTick += bytes / connectionBounds.bytesPerCall;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #accept(socket: Socket): void {
    const { remoteAddress: address, remotePort } = socket;
    const open = this.#perAddress.get(address ?? "") ?? 0;
    const isFull = open >= this.#options.connectionsMax * connectionBounds.addressShareMax;
    if (address === undefined || isFull || this.#strikes.get(address)?.isEmpty(now()) === true) {
      socket.destroy();
      return;
    }
    const connection: Connection = {
      name: `${address}:${remotePort}`,
      address,
      socket,
      session: undefined,
      streams: 0,
      settings: new TokenBucket(connectionBounds.settings, now()),
      faults: new TokenBucket(connectionBounds.faults, now()),
      callsSinceTick: 0,
      bytesReadAtTick: 0,
      bytesWrittenAtTick: 0,
      stalledSince: undefined,
    };
    this.#connections.set(connection.name, connection);
    this.#perAddress.set(address, open + 1);
    socket.once("close", () => this.#forget(connection));
  }

  #begin(session: Http2Session): void {
    const { remoteAddress, remotePort } = session.socket;
    const connection = this.#connections.get(`${remoteAddress}:${remotePort}`);
    if (connection === undefined) {
      session.destroy();
      return;
    }
    connection.session = session;
    session.on("stream", (stream: ServerHttp2Stream) => this.#count(connection, stream));
    session.on("remoteSettings", () => {
      if (!connection.settings.take(now())) this.#close(connection, "SETTINGS");
    });
    session.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith("ERR_HTTP2_") === true) this.#strike(connection, error.message);
    });
  }

  #count(connection: Connection, stream: ServerHttp2Stream): void {
    connection.callsSinceTick += 1;
    connection.streams += 1;
    this.#streams += 1;
    stream.once("close", () => {
      connection.streams -= 1;
      this.#streams -= 1;
      // grpc-js answers these past every interceptor.
      if (stream.sentHeaders?.["grpc-status"] === unimplemented) this.fault(connection.name);
    });
    if (this.#streams <= connectionBounds.streamsMax) return;
    const [largest] = [...this.#connections.values()].sort((a, b) => b.streams - a.streams);
    if (largest !== undefined) this.#close(largest, "calls in flight");
  }

  #tick(): void {
    const at = now();
    for (const connection of this.#connections.values()) {
      const { bytesRead, bytesWritten } = connection.socket;
      const { idleBytesPerSecondMax, bytesPerCall, stallMaxMs } = connectionBounds;
      const accounted = idleBytesPerSecondMax + (connection.callsSinceTick + connection.streams) * bytesPerCall;
      const sent = bytesRead - connection.bytesReadAtTick;
      const isStalled =
        this.#options.unsent.waitingOn(connection.name) > 0 && bytesWritten === connection.bytesWrittenAtTick;
      connection.stalledSince = isStalled ? (connection.stalledSince ?? at) : undefined;
      connection.bytesReadAtTick = bytesRead;
      connection.bytesWrittenAtTick = bytesWritten;
      connection.callsSinceTick = 0;
      if (sent > accounted) this.#close(connection, "frames that belong to no call");
      else if (isStalled && at - (connection.stalledSince ?? at) >= stallMaxMs)
        this.#close(connection, "unread answers");
    }
    if (this.#strikes.size < addressesRememberedMax) return;
    for (const [address, strikes] of this.#strikes) if (strikes.isFull(at)) this.#strikes.delete(address);
  }

  #close(connection: Connection, reason: string): void {
    if (connection.socket.destroyed) return;
    this.#strike(connection, reason);
    connection.session?.destroy();
    connection.socket.destroy();
  }

  #strike({ address, name }: Connection, reason: string): void {
    this.#options.log.debug({ peer: name, reason }, "a connection was closed for what it did");
    const strikes = this.#strikes.get(address) ?? new TokenBucket(connectionBounds.strikes, now());
    this.#strikes.set(address, strikes);
    strikes.take(now());
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection.name);
    const left = (this.#perAddress.get(connection.address) ?? 0) - 1;
    if (left > 0) this.#perAddress.set(connection.address, left);
    else this.#perAddress.delete(connection.address);
  }
}
