import type { Rate } from "./token-bucket.ts";

/**
 * What one connection may do. The README's table of fixed bounds names each; a test holds it against this object.
 *
 * What the HTTP/2 library bounds by itself is not repeated: more than 8 CONTINUATION frames, a thousand answers to PING or
 * SETTINGS that are not read, a burst of a thousand resets and 33 a second after it, a thousand invalid frames.
 */
export const connectionBounds = {
  /** Calls in flight, each of which may hold a request of 64 KiB. */
  streamsPerConnectionMax: 1_024,
  /** Calls in flight on all connections together; beyond, connections of the network with the most of them are closed. */
  streamsMax: 16_384,
  /** How long a call may take to send its request. A stream of requests, of which one was answered, has no end to wait for. */
  requestMaxMs: 30_000,
  /** Header fields of a request. */
  headerPairsMax: 64,
  /** Their names and values, and 32 bytes for each of them (RFC 9113 §6.5.2); 64 KiB until the client has acknowledged it. */
  headerListBytesMax: 16_384,
  /** Bytes a second that a connection of HTTP/2 may send beside what its calls account for: PING, WINDOW_UPDATE, PRIORITY and the like. */
  idleBytesPerSecondMax: 512 * 1024,
  /** Bytes that one call accounts for, once: its header fields, a request of 64 KiB, and frames around them. */
  bytesPerCall: 96 * 1024,
  /** SETTINGS frames; a peer has reason to send one, and some resize their windows now and then. */
  settings: { perSecond: 20, burst: 100 } satisfies Rate,
  /** Calls that are no calls: no RPC, not to be decompressed or decoded, too large, without a valid credential. */
  faults: { perSecond: 20, burst: 200 } satisfies Rate,
  /** How long a connection may leave answers unread without taking one of them, or `stallBytesMin`. */
  stallMaxMs: 30_000,
  /** Bytes by which more must be written than read in that time: what a peer's own frames have us write is no longer than they. */
  stallBytesMin: 64 * 1024,
  /** Connections of one network (of IPv6 a /64) that were closed for one of these reasons; then it may not open another for a while. */
  strikes: { perSecond: 0.5, burst: 10 } satisfies Rate,
  /** Connections from one network, as a part of all that are allowed. */
  networkShareMax: 0.5,
} as const;
