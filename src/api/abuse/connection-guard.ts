import type { Http2Session, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Log } from "../log.ts";
import { ByteAllowance } from "./byte-allowance.ts";
import { connectionBounds } from "./connection-bounds.ts";
import { connectionName } from "./connection-name.ts";
import { type Network, Networks } from "./networks.ts";
import { OpenRequests } from "./open-requests.ts";
import { StallWatch } from "./stall-watch.ts";
import { keepStreamsInTable } from "./stream-table.ts";
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
  /** By which calls name it. */
  readonly name: string;
  readonly address: string;
  readonly network: Network<Connection>;
  readonly socket: Socket;
  /** Absent: it speaks HTTP/1.1, or has not said yet what. */
  session: Http2Session | undefined;
  streams: number;
  readonly requests: OpenRequests;
  readonly settings: TokenBucket;
  readonly faults: TokenBucket;
  callsSinceTick: number;
  readonly allowance: ByteAllowance;
  readonly stall: StallWatch;
}

/** The gRPC code of calls to what is no RPC. */
const unimplemented = 12;
/** The HTTP status of calls with too long header fields. */
const headersTooLong = 431;
const tickMs = 1_000;
const now = () => performance.now();

/**
 * Closes connections that cost more than their calls account for. It counts; it does not look into frames, and a connection
 * within `connectionBounds` never notices it.
 */
export class ConnectionGuard {
  readonly #options: ConnectionGuardOptions;
  readonly #connections = new Set<Connection>();
  readonly #byName = new Map<string, Connection>();
  readonly #networks = new Networks<Connection>();
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
    const connection = this.#byName.get(name);
    if (connection !== undefined && !connection.faults.take(now())) this.#punish(connection, "faulty calls");
  }

  /** Makes room for others. It is no strike against the network: to have the most of something may be honest. */
  close(name: string, reason: string): void {
    const connection = this.#byName.get(name);
    if (connection !== undefined) this.#close(connection, reason);
  }

  /** Bytes of a call beyond those that each accounts for, which a door reads to throw them away. Such a call is a fault. */
  account(name: string, bytes: number): void {
    this.#byName.get(name)?.allowance.add(bytes);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #accept(socket: Socket): void {
    const { remoteAddress: address } = socket;
    const at = now();
    if (address === undefined || !this.#networks.mayOpen(address, this.#options.connectionsMax, at)) {
      socket.destroy();
      return;
    }
    const connection: Connection = {
      name: connectionName(socket),
      address,
      network: this.#networks.open(address),
      socket,
      session: undefined,
      streams: 0,
      requests: new OpenRequests(),
      settings: new TokenBucket(connectionBounds.settings, at),
      faults: new TokenBucket(connectionBounds.faults, at),
      callsSinceTick: 0,
      allowance: new ByteAllowance(at),
      stall: new StallWatch(),
    };
    this.#connections.add(connection);
    this.#byName.set(connection.name, connection);
    connection.network.connections.add(connection);
    socket.once("close", () => this.#forget(connection));
  }

  #begin(session: Http2Session): void {
    const connection = this.#byName.get(connectionName(session.socket));
    if (connection === undefined) {
      session.destroy();
      return;
    }
    connection.session = session;
    if (!keepStreamsInTable(session)) this.#options.log.debug({}, "this version of Node keeps streams elsewhere");
    session.on("stream", (stream: ServerHttp2Stream) => this.#count(connection, stream));
    session.on("remoteSettings", () => {
      if (!connection.settings.take(now())) this.#punish(connection, "SETTINGS");
    });
    session.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith("ERR_HTTP2_") === true) this.#strike(connection, error.message);
    });
  }

  #count(connection: Connection, stream: ServerHttp2Stream): void {
    if (!this.#connections.has(connection)) return;
    connection.callsSinceTick += 1;
    this.#addStreams(connection, 1);
    const request = connection.requests.add(stream, now());
    stream.once("close", () => {
      connection.requests.ended(request);
      // The calls of a connection that was closed or forgotten have been counted off together.
      if (this.#connections.has(connection)) this.#addStreams(connection, -1);
      // What a door answers past its own count of them.
      if (isNoCall(stream.sentHeaders)) this.fault(connection.name);
    });
    while (this.#streams > connectionBounds.streamsMax) {
      const { busiest } = this.#networks;
      if (busiest === undefined) return;
      this.#close(busiest, "calls in flight of all");
    }
  }

  #tick(): void {
    const at = now();
    for (const connection of this.#connections) this.#check(connection, at);
    this.#networks.forgive(at);
  }

  #check(connection: Connection, at: number): void {
    const { name, socket, session, callsSinceTick, streams, allowance, requests, stall } = connection;
    const { bytesRead, bytesWritten } = socket;
    connection.callsSinceTick = 0;
    requests.endOverdue(at);
    const isKept = allowance.count(bytesRead, callsSinceTick, streams, at);
    // HTTP/1.1 has no frames: what is sent there are requests, each of which is bounded by itself.
    if (!isKept && session !== undefined) this.#punish(connection, "frames that belong to no call");
    else if (stall.isStalled({ waiting: this.#options.unsent.waitingOn(name), bytesRead, bytesWritten }, at))
      this.#punish(connection, "unread answers");
  }

  #punish(connection: Connection, reason: string): void {
    if (!this.#connections.has(connection)) return;
    this.#strike(connection, reason);
    this.#close(connection, reason);
  }

  #strike({ address, name }: Connection, reason: string): void {
    this.#options.log.debug({ peer: name, reason }, "a connection is held against its network");
    this.#networks.strike(address, now());
  }

  #close(connection: Connection, reason: string): void {
    this.#options.log.debug({ peer: connection.name, reason }, "a connection was closed for what it did");
    // At once: its calls are over now, though they report it later, when others would have been closed for them.
    this.#forget(connection);
    connection.session?.destroy();
    connection.socket.destroy();
  }

  #forget(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    this.#addStreams(connection, -connection.streams);
    this.#networks.close(connection.address, connection);
    // A next one may have come from the same port before this one reported its end.
    if (this.#byName.get(connection.name) === connection) this.#byName.delete(connection.name);
  }

  #addStreams(connection: Connection, count: number): void {
    connection.streams += count;
    connection.network.streams += count;
    this.#streams += count;
  }
}

function isNoCall(sent: OutgoingHttpHeaders | undefined): boolean {
  return sent?.["grpc-status"] === unimplemented || sent?.[":status"] === headersTooLong;
}
