/** As in the published service config, for a budget of `tokensMin`. */
const tokensMin = 10;
const tokensPerSuccess = 0.1;

/** With more, a client most of whose attempts fail would go on retrying. */
const tokensPerSuccessMax = 1;

/**
 * Keeps retries from drowning a service that is in trouble: when most calls of this client fail, none is retried.
 *
 * It works as `retryThrottling` in gRPC does (gRFC A6), except that it holds enough for every call in flight to be retried
 * once: they all fail together when one connection breaks. What a success brings grows with what it holds, or a large
 * budget that was drained would be thousands of calls away from its next retry.
 */
export class RetryBudget {
  readonly #tokensMax: number;
  readonly #tokensPerSuccess: number;
  #tokens: number;

  constructor(inFlightMax: number) {
    this.#tokensMax = Math.max(tokensMin, 2 * inFlightMax + 1);
    this.#tokens = this.#tokensMax;
    this.#tokensPerSuccess = Math.min(tokensPerSuccessMax, tokensPerSuccess * (this.#tokensMax / tokensMin));
  }

  noteSuccess(): void {
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + this.#tokensPerSuccess);
  }

  /** To be called for every attempt that failed in a retryable way; true when it may be retried. */
  noteFailure(): boolean {
    this.#tokens = Math.max(0, this.#tokens - 1);
    return this.#tokens >= this.#tokensMax / 2;
  }
}
