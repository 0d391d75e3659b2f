/** How long to wait between two attempts of one call. */
export interface Backoff {
  /** Ceiling of the wait after the first attempt, in milliseconds. */
  readonly initialMs: number;
  /** Ceiling of every wait, in milliseconds. */
  readonly maxMs: number;
}

/**
 * Milliseconds to wait after attempt `attempt`, counted from 1.
 *
 * Anywhere between nothing and a ceiling that doubles with each attempt: callers that failed together would otherwise
 * come back together, and fail together again. A wait that the service named is a floor, to which the same jitter is added.
 *
 * @param random a number from 0 (inclusive) to 1 (exclusive)
 */
export function retryDelayMs(attempt: number, backoff: Backoff, namedMs: number | undefined, random: number): number {
  const ceilingMs = Math.min(backoff.maxMs, backoff.initialMs * 2 ** (attempt - 1));
  return (namedMs ?? 0) + random * ceilingMs;
}
