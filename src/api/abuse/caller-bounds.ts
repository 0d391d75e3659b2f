import { CallerThrottledError } from "../../domain/errors/access-errors.ts";
import type { Principal } from "../../domain/principal.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What one principal may ask for, through all doors of this process together. */
export interface CallerBound {
  /** Calls a second in the long run; as many may come at once. */
  readonly callsPerSecondMax: number;
  readonly callsInFlightMax: number;
}

export interface CallerBoundsOptions {
  /** Of a tenant's own credential, which the least trusted hold. */
  readonly tenant: CallerBound;
  /** Of every other, and of everybody together without authentication. */
  readonly other: CallerBound;
}

interface Caller {
  readonly bucket: TokenBucket;
  inFlight: number;
}

/** Idle callers are forgotten when this many are remembered, so that memory follows those who call now. */
const callersRememberedMax = 10_000;

/** Keeps one principal from taking what all share. A process counts for itself: behind n of them a caller may do n times as much. */
export class CallerBounds {
  readonly #options: CallerBoundsOptions;
  readonly #clock: () => number;
  readonly #callers = new Map<string, Caller>();

  constructor(options: CallerBoundsOptions, clock: () => number = () => performance.now()) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Counts a call that begins; `leave` must be called when it has ended.
   *
   * @throws CallerThrottledError, and then the call has not begun
   */
  enter(principal: Principal): void {
    const bound = this.#boundOf(principal);
    const now = this.#clock();
    const caller = this.#callerOf(principal, bound, now);
    if (caller.inFlight >= bound.callsInFlightMax) {
      throw new CallerThrottledError(
        "api_key",
        `this credential has ${caller.inFlight} calls in flight, as many as one may have`,
      );
    }
    if (!caller.bucket.take(now)) {
      throw new CallerThrottledError(
        "api_key",
        `this credential makes more than ${bound.callsPerSecondMax} calls a second, as many as one may make`,
      );
    }
    caller.inFlight += 1;
  }

  leave(principal: Principal): void {
    const caller = this.#callers.get(principalKey(principal));
    if (caller !== undefined) caller.inFlight -= 1;
  }

  #boundOf({ role }: Principal): CallerBound {
    return role === "TENANT" ? this.#options.tenant : this.#options.other;
  }

  #callerOf(principal: Principal, { callsPerSecondMax }: CallerBound, now: number): Caller {
    const key = principalKey(principal);
    const known = this.#callers.get(key);
    if (known !== undefined) return known;
    if (this.#callers.size >= callersRememberedMax) this.#forgetIdle(now);
    const caller = {
      bucket: new TokenBucket({ perSecond: callsPerSecondMax, burst: callsPerSecondMax }, now),
      inFlight: 0,
    };
    this.#callers.set(key, caller);
    return caller;
  }

  #forgetIdle(now: number): void {
    for (const [key, { bucket, inFlight }] of this.#callers) {
      if (inFlight === 0 && bucket.isFull(now)) this.#callers.delete(key);
    }
  }
}

/** A key of ours, or whatever else tells one principal from another. */
export function principalKey({ keyId, role, tenantId, name }: Principal): string {
  return keyId ?? `${role} ${tenantId} ${name}`;
}
