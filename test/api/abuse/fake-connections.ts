import { EventEmitter } from "node:events";
import { constants, type Http2Session } from "node:http2";
import type { AcceptingServer, ConnectionGuard, SessionServer } from "../../../src/api/abuse/connection-guard.ts";

/** A socket as the guard sees one: its ends, and how much went through it. */
export class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress = "10.9.9.9";
  readonly localPort: number;
  bytesRead = 0;
  bytesWritten = 0;
  destroyed = false;

  constructor(remoteAddress: string, remotePort: number, localPort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.localPort = localPort;
  }

  /** Reports its end later, as Node does. */
  destroy(): void {
    this.destroyed = true;
  }

  end(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

export class FakeStream extends EventEmitter {
  state: { state: number } = { state: constants.NGHTTP2_STREAM_STATE_OPEN };
  headersSent = false;
  closedWith: number | undefined;

  /** Its request is complete. */
  endRequest(): this {
    this.state = { state: constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE };
    return this;
  }

  close(code: number = constants.NGHTTP2_NO_ERROR): void {
    this.closedWith = code;
    this.emit("close");
  }
}

class FakeSession extends EventEmitter {
  readonly socket: FakeSocket;

  constructor(socket: FakeSocket) {
    super();
    this.socket = socket;
  }

  destroy(): void {}
}

export class FakeConnection {
  readonly socket: FakeSocket;
  readonly #session: FakeSession;

  constructor(socket: FakeSocket) {
    this.socket = socket;
    this.#session = new FakeSession(socket);
  }

  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  begin(): FakeStream {
    const stream = new FakeStream();
    this.#session.emit("stream", stream);
    return stream;
  }

  get session(): Http2Session {
    return this.#session as unknown as Http2Session;
  }
}

/** A server that a guard watches, on a port of its own. */
export class FakeDoor {
  readonly #port: number;
  readonly #events = Object.assign(new EventEmitter(), { maxConnections: 0 });
  #nextPort = 1_024;

  constructor(guard: ConnectionGuard, port = 50_051) {
    this.#port = port;
    guard.watch(this.#events as AcceptingServer, this.#events as SessionServer);
  }

  /** Of HTTP/1.1, or of what has not said yet. */
  connect(address: string, port?: number): FakeConnection {
    this.#nextPort += 1;
    const connection = new FakeConnection(new FakeSocket(address, port ?? this.#nextPort, this.#port));
    this.#events.emit("connection", connection.socket);
    return connection;
  }

  connectHttp2(address: string, port?: number): FakeConnection {
    const connection = this.connect(address, port);
    if (connection.isOpen) this.#events.emit("session", connection.session);
    return connection;
  }
}
