import { constants, type ServerHttp2Stream } from "node:http2";
import { connectionBounds } from "./connection-bounds.ts";

/** A call of a connection, as long as its request may still be on its way. */
export interface OpenRequest {
  readonly begunAt: number;
  /** Undefined once it is off the list. */
  stream: ServerHttp2Stream | undefined;
  earlier: OpenRequest | undefined;
  later: OpenRequest | undefined;
}

/**
 * The calls of a connection whose requests may still be on their way, oldest first.
 *
 * A linked list whose members let go of each other, and no Map, for the reason that `StreamTable` gives.
 */
export class OpenRequests {
  #oldest: OpenRequest | undefined;
  #newest: OpenRequest | undefined;

  add(stream: ServerHttp2Stream, now: number): OpenRequest {
    const request: OpenRequest = { begunAt: now, stream, earlier: this.#newest, later: undefined };
    if (this.#newest === undefined) this.#oldest = request;
    else this.#newest.later = request;
    this.#newest = request;
    return request;
  }

  /** Without effect when it was ended before. */
  ended(request: OpenRequest): void {
    if (request.stream === undefined) return;
    const { earlier, later } = request;
    if (earlier === undefined) this.#oldest = later;
    else earlier.later = later;
    if (later === undefined) this.#newest = earlier;
    else later.earlier = earlier;
    request.stream = undefined;
    request.earlier = undefined;
    request.later = undefined;
  }

  /** Ends the calls that have taken too long to say what they want: grpc-js would wait for ever. */
  endOverdue(now: number): void {
    for (let oldest = this.#oldest; oldest !== undefined; oldest = this.#oldest) {
      if (now - oldest.begunAt < connectionBounds.requestMaxMs) return;
      const { stream } = oldest;
      this.ended(oldest);
      if (stream !== undefined && isIncomplete(stream)) stream.close(constants.NGHTTP2_CANCEL);
    }
  }
}

function isIncomplete({ state, headersSent }: ServerHttp2Stream): boolean {
  return state.state === constants.NGHTTP2_STREAM_STATE_OPEN && !headersSent;
}
