import { CallerThrottledError } from "../../domain/errors/access-errors.ts";
import { networkOf } from "../network-of.ts";

/** How often one address may fail at once, and how much of that comes back every second. */
export const failedAttemptsMax = 30;
export const failedAttemptsPerSecond = 1;

/** However much failed at once, after this long a peer may try again. */
const debtMax = 600;

/** Some 100 bytes each. */
const peersMax = 10_000;

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
