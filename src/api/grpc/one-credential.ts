import type { IncomingHttpHeaders } from "node:http2";
import { countOf } from "../raw-headers.ts";

type StreamListener = (stream: unknown, headers: IncomingHttpHeaders, flags: number, rawHeaders: string[]) => void;

export interface StreamServer {
  prependListener(event: "stream", listener: StreamListener): unknown;
}

/**
 * Takes away the credential of a call that has several, as the HTTP door has it. Node keeps the first in what it hands to
 * grpc-js, where it can no longer be seen that there was another.
 */
export function withoutDoubledCredentials(server: StreamServer): void {
  server.prependListener("stream", (_stream, headers, _flags, rawHeaders) => {
    if (countOf("authorization", rawHeaders) > 1) delete headers.authorization;
  });
}
