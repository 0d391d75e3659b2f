import type { Backoff } from "./retry-delay.ts";

/** How calls are made. Times are in milliseconds. */
export interface CallSettings {
  readonly deadlineMs: number;
  readonly attemptTimeoutMs: number;
  readonly attemptsMax: number;
  readonly backoff: Backoff;
  readonly inFlightMax: number;
  readonly queuedMax: number;
}

export interface CallSettingsInput {
  /** What a call may take altogether, with its retries and its wait for a free place. Default 5,000. */
  readonly deadlineMs?: number | undefined;
  /** What one attempt may take before the next one is made. Default 2,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** How often a request is sent at most. 1 turns retries off. Default 4, as in the published service config. */
  readonly attemptsMax?: number | undefined;
  /** How many calls of this client run at once; a call in progress includes its waits between attempts. Default 256. */
  readonly inFlightMax?: number | undefined;
  /**
   * How many more wait for a place, in the order in which they came and within their deadline; beyond it a call fails at
   * once with QuotaClientOverloadedError. 0 lets none wait. Default 1,024.
   */
  readonly queuedMax?: number | undefined;
}

/** The largest delay that timers take. */
const timerMaxMs = 2 ** 31 - 1;

/** As in the published service config. */
const backoff: Backoff = { initialMs: 100, maxMs: 2_000 };

/** @throws RangeError that names the option, its value and what is allowed */
export function callSettings(input: CallSettingsInput): CallSettings {
  return {
    deadlineMs: within("deadlineMs", input.deadlineMs ?? 5_000, 1, timerMaxMs),
    attemptTimeoutMs: within("attemptTimeoutMs", input.attemptTimeoutMs ?? 2_000, 1, timerMaxMs),
    attemptsMax: within("attemptsMax", input.attemptsMax ?? 4, 1, 100),
    backoff,
    inFlightMax: within("inFlightMax", input.inFlightMax ?? 256, 1, 1_000_000),
    queuedMax: within("queuedMax", input.queuedMax ?? 1_024, 0, 1_000_000),
  };
}

/** @throws RangeError */
export function deadlineOf(deadlineMs: number | undefined): number | undefined {
  return deadlineMs === undefined ? undefined : within("deadlineMs", deadlineMs, 1, timerMaxMs);
}

function within(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} is ${String(value)}; a whole number from ${min} to ${max} is allowed`);
}
