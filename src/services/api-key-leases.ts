/**
 * How long a process may believe in a key that it has looked up, counted from before it asked. A revocation is answered
 * this long after its commit, and no process believes in the key any more.
 *
 * All processes on one database must agree on it: before it is made shorter, those with the longer one must be gone.
 */
export const leaseMs = 2_000;

/** How far the clocks of two machines may run apart in the course of a lease, with much room. */
export const leaseDriftMs = 100;

/** Until when something may be believed, by two clocks: one of them stops while a machine sleeps, the other can be set back. */
export interface Lease {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** @param forMs from the moment of this call */
export function leaseFor(forMs: number): Lease {
  return { monotonicMs: performance.now() + forMs, wallMs: Date.now() + forMs };
}

export function isRunning(lease: Lease, nowMs: number): boolean {
  return nowMs < lease.monotonicMs && Date.now() < lease.wallMs;
}
