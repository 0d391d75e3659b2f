/** As in the published service config. */
const tokensMin = 10;
const tokensPerSuccess = 0.1;

/**
 * Keeps retries from drowning a service that is in trouble: when most calls of this client fail, none is retried.
 *
 * It works as `retryThrottling` in gRPC does (gRFC A6), except that it holds enough for every call in flight to be retried
 * once: they all fail together when one connection breaks.
 */
export class RetryBudget {
  readonly #tokensMax: number;
  #tokens: number;

  constructor(inFlightMax: number) {
    this.#tokensMax = Math.max(tokensMin, 2 * inFlightMax + 1);
    this.#tokens = this.#tokensMax;
  }

  noteSuccess(): void {
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + tokensPerSuccess);
  }

  /** To be called for every attempt that failed in a retryable way; true when it may be retried. */
  noteFailure(): boolean {
    this.#tokens = Math.max(0, this.#tokens - 1);
    return this.#tokens >= this.#tokensMax / 2;
  }
}
