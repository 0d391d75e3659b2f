import { connect, type Socket } from "node:net";
import {
  clientSettings,
  connectionPreface,
  connectionWindowUpdate,
  frame,
  frameFlag,
  frameHeaderBytes,
  frameType,
  windowDefault,
  windowMax,
  writeFrameHeader,
} from "./http2-frames.ts";
import type { Address, AnswerListener, LoadConnection } from "./load-connection.ts";
import { type RequestHeaders, requestHeaders } from "./request-headers.ts";

/** Written at once when so much has gathered, else at the end of the turn. */
const outgoingBytesMax = 64 * 1024;
/** No request may be larger: frames of this size need no leave of the server's. */
const frameBytesMax = 16 * 1024;

interface OpenStream {
  readonly call: number;
  hasMessage: boolean;
}

/**
 * One HTTP/2 connection that makes unary gRPC calls to one method, and nothing else. On a machine of two cores the
 * generator's CPU is taken from what is measured; a client library spends more on a call than the server does, this spends
 * a tenth of that.
 *
 * An answer counts as good when a message came before the trailers: our servers never send a message with an error. That
 * the good answers were RecordUsage's is checked against the rows in the database.
 */
export class Http2Connection implements LoadConnection {
  readonly #socket: Socket;
  readonly #headers: RequestHeaders;
  readonly #onAnswer: AnswerListener;
  readonly #streams = new Map<number, OpenStream>();
  readonly #outgoing = Buffer.allocUnsafe(outgoingBytesMax + frameBytesMax);
  #outgoingBytes = 0;
  #incoming: Buffer = Buffer.alloc(0);
  #nextStreamId = 1;
  /** How many bytes the server lets us send. */
  #sendWindow = windowDefault;
  #receivedSinceUpdate = 0;
  #waiting: { readonly call: number; readonly message: Buffer }[] = [];
  #failure: Error | undefined;

  private constructor(socket: Socket, headers: RequestHeaders, onAnswer: AnswerListener) {
    this.#socket = socket;
    this.#headers = headers;
    this.#onAnswer = onAnswer;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
    socket.write(
      Buffer.concat([connectionPreface, clientSettings(), connectionWindowUpdate(windowMax - windowDefault)]),
    );
  }

  static async open(address: Address, path: string, onAnswer: AnswerListener): Promise<Http2Connection> {
    const socket = connect(address);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Http2Connection(socket, requestHeaders(`${address.host}:${address.port}`, path), onAnswer);
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get openCalls(): number {
    return this.#streams.size + this.#waiting.length;
  }

  /** What is sent goes out with `flush`, or with what comes in next. */
  send(call: number, message: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (message.length > frameBytesMax) throw new Error("the message is too large for one frame");
    if (this.#waiting.length > 0 || this.#sendWindow < message.length) {
      this.#waiting.push({ call, message: Buffer.from(message) });
    } else {
      this.#write(call, message);
    }
  }

  flush(): void {
    if (this.#outgoingBytes === 0) return;
    // Copied, since the socket may keep it for longer than this turn.
    this.#socket.write(Buffer.from(this.#outgoing.subarray(0, this.#outgoingBytes)));
    this.#outgoingBytes = 0;
  }

  close(): void {
    this.#failure ??= new Error("the connection was closed");
    this.#socket.destroy();
  }

  #write(call: number, message: Buffer): void {
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    const block = streamId === 1 ? this.#headers.first : this.#headers.following;
    const out = this.#outgoing;
    let at = this.#outgoingBytes;
    at = writeFrameHeader(out, at, block.length, frameType.headers, frameFlag.endHeaders, streamId);
    at += block.copy(out, at);
    at = writeFrameHeader(out, at, message.length, frameType.data, frameFlag.endStream, streamId);
    at += message.copy(out, at);
    this.#outgoingBytes = at;
    this.#sendWindow -= message.length;
    this.#streams.set(streamId, { call, hasMessage: false });
    if (at >= outgoingBytesMax) this.flush();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#incoming.length === 0 ? chunk : Buffer.concat([this.#incoming, chunk]);
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      this.#readFrame(bytes, at, end);
      at = end;
    }
    this.#incoming = bytes.subarray(at);
    this.flush();
  }

  #readFrame(bytes: Buffer, start: number, end: number): void {
    const flags = bytes[start + 4] ?? 0;
    const streamId = bytes.readUInt32BE(start + 5) & windowMax;
    const payload = start + frameHeaderBytes;
    switch (bytes[start + 3]) {
      case frameType.data:
        this.#receivedData(streamId, end - payload);
        if ((flags & frameFlag.endStream) !== 0) this.#answered(streamId, false);
        break;
      case frameType.headers:
        if ((flags & frameFlag.endStream) !== 0) this.#answered(streamId, true);
        break;
      case frameType.resetStream:
        this.#answered(streamId, false);
        break;
      case frameType.settings:
        if ((flags & frameFlag.acknowledgement) === 0) this.#acknowledge(frameType.settings, Buffer.alloc(0));
        break;
      case frameType.ping:
        if ((flags & frameFlag.acknowledgement) === 0) {
          this.#acknowledge(frameType.ping, Buffer.from(bytes.subarray(payload, end)));
        }
        break;
      case frameType.goAway:
        this.#fail(new Error(`the server said goodbye with error ${bytes.readUInt32BE(payload + 4)}`));
        break;
      case frameType.windowUpdate:
        if (streamId === 0) this.#windowGrew(bytes.readUInt32BE(payload) & windowMax);
        break;
      default:
    }
  }

  #receivedData(streamId: number, byteCount: number): void {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined && byteCount > 0) stream.hasMessage = true;
    this.#receivedSinceUpdate += byteCount;
    if (this.#receivedSinceUpdate < windowMax / 2) return;
    this.#socket.write(connectionWindowUpdate(this.#receivedSinceUpdate));
    this.#receivedSinceUpdate = 0;
  }

  #answered(streamId: number, hasTrailers: boolean): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.#streams.delete(streamId);
    this.#onAnswer(stream.call, hasTrailers && stream.hasMessage);
  }

  #acknowledge(type: number, payload: Buffer): void {
    this.#socket.write(frame(type, frameFlag.acknowledgement, payload));
  }

  #windowGrew(byteCount: number): void {
    this.#sendWindow += byteCount;
    let sent = 0;
    for (const { call, message } of this.#waiting) {
      if (this.#sendWindow < message.length) break;
      this.#write(call, message);
      sent += 1;
    }
    if (sent > 0) this.#waiting = this.#waiting.slice(sent);
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#socket.destroy();
    const calls = [...this.#streams.values(), ...this.#waiting].map(({ call }) => call);
    this.#streams.clear();
    this.#waiting = [];
    for (const call of calls) this.#onAnswer(call, false);
  }
}
