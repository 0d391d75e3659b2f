/** How often something may happen: this many at once, and this many a second in the long run. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Counts what may still happen at a rate. Times are milliseconds of a clock that never goes back. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #filledAt: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAt = now;
  }

  /** Takes one, or answers false when there is none. */
  take(now: number): boolean {
    this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  isEmpty(now: number): boolean {
    this.#fill(now);
    return this.#tokens < 1;
  }

  /** Whether it is as a new one: nothing is lost by forgetting it. */
  isFull(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= this.#rate.burst;
  }

  #fill(now: number): void {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1_000) * perSecond);
    this.#filledAt = now;
  }
}
