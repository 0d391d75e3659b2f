import { constants, type ServerHttp2Stream } from "node:http2";
import { connectionBounds } from "./connection-bounds.ts";

/** The calls of a connection whose requests may still be on their way, oldest first. */
export class OpenRequests {
  readonly #begunAt = new Map<ServerHttp2Stream, number>();

  add(stream: ServerHttp2Stream, now: number): void {
    this.#begunAt.set(stream, now);
  }

  ended(stream: ServerHttp2Stream): void {
    this.#begunAt.delete(stream);
  }

  /** Ends the calls that have taken too long to say what they want: grpc-js would wait for ever. */
  endOverdue(now: number): void {
    for (const [stream, begunAt] of this.#begunAt) {
      if (now - begunAt < connectionBounds.requestMaxMs) return;
      this.#begunAt.delete(stream);
      if (isIncomplete(stream)) stream.close(constants.NGHTTP2_CANCEL);
    }
  }
}

function isIncomplete({ state, headersSent }: ServerHttp2Stream): boolean {
  return state.state === constants.NGHTTP2_STREAM_STATE_OPEN && !headersSent;
}
