import { networkOf } from "../network-of.ts";
import { connectionBounds } from "./connection-bounds.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Networks whose strikes are remembered; those that have none left to count are forgotten then. */
const networksRememberedMax = 10_000;

/** What the connections of a network do together. */
export interface Network<T> {
  readonly connections: Set<T>;
  streams: number;
}

/** The networks that connections come from. An address of IPv6 is no measure: its owner has others without end. */
export class Networks<T extends { readonly streams: number }> {
  readonly #open = new Map<string, Network<T>>();
  readonly #strikes = new Map<string, TokenBucket>();

  /** Whether another connection is taken from there. */
  mayOpen(address: string, connectionsMax: number, now: number): boolean {
    const network = networkOf(address);
    const open = this.#open.get(network)?.connections.size ?? 0;
    if (open >= connectionsMax * connectionBounds.networkShareMax) return false;
    return this.#strikes.get(network)?.isEmpty(now) !== true;
  }

  /** The network of a connection that is put into it at once. */
  open(address: string): Network<T> {
    const key = networkOf(address);
    const network = this.#open.get(key) ?? { connections: new Set<T>(), streams: 0 };
    this.#open.set(key, network);
    return network;
  }

  close(address: string, connection: T): void {
    const key = networkOf(address);
    const network = this.#open.get(key);
    network?.connections.delete(connection);
    if (network?.connections.size === 0) this.#open.delete(key);
  }

  strike(address: string, now: number): void {
    const network = networkOf(address);
    const strikes = this.#strikes.get(network) ?? new TokenBucket(connectionBounds.strikes, now);
    this.#strikes.set(network, strikes);
    strikes.take(now);
  }

  forgive(now: number): void {
    if (this.#strikes.size < networksRememberedMax) return;
    for (const [network, strikes] of this.#strikes) if (strikes.isFull(now)) this.#strikes.delete(network);
  }

  /** Of the network with the most calls in flight, the connection with the most. */
  get busiest(): T | undefined {
    const network = largest(this.#open.values(), ({ streams }) => streams);
    return network === undefined ? undefined : largest(network.connections, ({ streams }) => streams);
  }
}

function largest<U>(all: Iterable<U>, size: (one: U) => number): U | undefined {
  let found: U | undefined;
  for (const one of all) if (found === undefined || size(one) > size(found)) found = one;
  return found;
}
