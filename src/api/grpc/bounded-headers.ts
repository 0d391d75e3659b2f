import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { connectionBounds } from "../abuse/connection-bounds.ts";
import { headerListBytes } from "../raw-headers.ts";

type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
) => void;

export interface StreamServer {
  listeners(event: "stream"): unknown[];
  removeAllListeners(event: "stream"): unknown;
  on(event: "stream", listener: StreamListener): unknown;
}

/**
 * Answers calls with too long header fields in place of grpc-js, as the HTTP door does. The HTTP/2 library knows the bound
 * and resets such calls, but only from when the client has acknowledged it, which a client may never do. Who has is
 * not counted once more. To be called when grpc-js listens.
 */
export function withoutLongHeaders(server: StreamServer): void {
  const listeners = server.listeners("stream") as StreamListener[];
  if (listeners.length === 0) throw new Error("this version of grpc-js takes its calls elsewhere");
  server.removeAllListeners("stream");
  server.on("stream", (stream, headers, flags, rawHeaders) => {
    if (stream.session?.pendingSettingsAck !== false && isTooLong(rawHeaders)) refuse(stream);
    else for (const listener of listeners) listener.call(server, stream, headers, flags, rawHeaders);
  });
}

function isTooLong(rawHeaders: readonly string[]): boolean {
  return headerListBytes(rawHeaders) > connectionBounds.headerListBytesMax;
}

function refuse(stream: ServerHttp2Stream): void {
  // A caller that leaves meanwhile concerns nobody, and would end the process if nobody listened.
  stream.on("error", () => undefined);
  stream.respond({ ":status": 431 }, { endStream: true });
}
