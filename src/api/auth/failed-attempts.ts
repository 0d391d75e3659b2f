import { isIPv6 } from "node:net";
import { CallerThrottledError } from "../../domain/errors/access-errors.ts";

/** How often one address may fail at once, and how much of that comes back every second. */
export const failedAttemptsMax = 30;
export const failedAttemptsPerSecond = 1;

/** However much failed at once, after this long a peer may try again. */
const debtMax = 600;

/** Some 100 bytes each. */
const peersMax = 10_000;

/** The first half of an IPv6 address is the network, within which its owner has addresses without end. */
const ipv6NetworkGroups = 4;
const ipv6Groups = 8;

interface Balance {
  left: number;
  at: number;
}

/** Bounds how often a peer may show a credential that is not valid. Credentials known to be good are not counted. */
export class FailedAttempts {
  readonly #clock: () => number;
  readonly #balances = new Map<string, Balance>();

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** @throws CallerThrottledError when the peer has failed too often */
  assertMayTry(peer: string): void {
    const balance = this.#balances.get(networkOf(peer));
    if (balance === undefined || this.#refill(balance) >= 1) return;
    throw new CallerThrottledError("peer", "too many credentials from this address were not valid; try again later");
  }

  failed(peer: string): void {
    const network = networkOf(peer);
    const balance = this.#balances.get(network) ?? { left: failedAttemptsMax, at: this.#clock() };
    balance.left = Math.max(this.#refill(balance) - 1, -debtMax);
    // Anew at the end: the one that leaves when there is no room is the one that failed longest ago.
    this.#balances.delete(network);
    this.#balances.set(network, balance);
    if (this.#balances.size <= peersMax) return;
    const [longestAgo] = this.#balances.keys();
    if (longestAgo !== undefined) this.#balances.delete(longestAgo);
  }

  #refill(balance: Balance): number {
    const now = this.#clock();
    const gained = ((now - balance.at) / 1_000) * failedAttemptsPerSecond;
    balance.left = Math.min(balance.left + gained, failedAttemptsMax);
    balance.at = now;
    return balance.left;
  }
}

/** The address, of IPv6 its network, and of an IPv4 address in the dress of IPv6 the former. */
export function networkOf(peer: string): string {
  if (!isIPv6(peer)) return peer;
  const ipv4 = /^::ffff:([0-9.]+)$/i.exec(peer)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const [head = "", tail] = peer.replace(/%.*$/, "").split("::");
  const before = head.split(":").filter((group) => group !== "");
  const after = (tail ?? "").split(":").filter((group) => group !== "");
  const zeros = tail === undefined ? 0 : Math.max(ipv6Groups - before.length - after.length, 0);
  const groups = [...before, ...Array<string>(zeros).fill("0"), ...after];
  return groups
    .slice(0, ipv6NetworkGroups)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
