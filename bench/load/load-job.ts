import type { Address } from "./load-connection.ts";

/** What the generator is asked to do. It crosses a process boundary, so it is plain data. */
export interface LoadJob {
  /** Connections go round these. */
  readonly addresses: readonly Address[];
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Encoded requests in base64. Where one holds `keyPlaceholder`, every call gets a key of its own in its place. */
  readonly messages: readonly string[];
  /** How often each message is taken: all alike, or the n-th with a weight of 1/n. */
  readonly spread: "even" | "zipf";
  /** Whether calls are written as frames, which costs the generator 2 µs each, or made by `@grpc/grpc-js`, some 40 µs. */
  readonly client: "frames" | "grpc-js";
  readonly pace: ClosedLoop | OpenLoop;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** So many callers, each of which calls again as soon as it was answered. */
export interface ClosedLoop {
  readonly kind: "closed";
  readonly inFlight: number;
}

/** Callers that know nothing of each other, arriving at random (Poisson) at this mean rate, whatever the server does. */
export interface OpenLoop {
  readonly kind: "open";
  readonly perSecond: number;
}

export interface LoadResult {
  /** Good answers within the measured window. */
  readonly answered: number;
  /** Calls that failed at any time, warm-up included. */
  readonly failed: number;
  /** Good answers over the whole job, warm-up and the calls finished after the window included. */
  readonly acknowledged: number;
  readonly seconds: number;
  readonly latency: Latency;
  /** Of the generator's process, within the window. */
  readonly generatorCpuMs: number;
}

/** In milliseconds; in an open loop from the instant at which the call was to be sent. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** As long as a UUID, which is what most callers send as a key. */
export const keyPlaceholder = "cafecafe-cafe-4afe-8afe-cafecafecafe";

/** What the generator says while it works. */
export type LoadReport =
  | { readonly kind: "window-opened" }
  | { readonly kind: "window-closed" }
  | { readonly kind: "done"; readonly result: LoadResult }
  | { readonly kind: "failed"; readonly reason: string };
