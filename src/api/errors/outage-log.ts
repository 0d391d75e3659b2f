import type { Log } from "../log.ts";

/** One line for each cause and this long; the calls that it stands for are counted. */
const outageIntervalMs = 10_000;
/** Causes remembered; more at once are no outage, and the longest silent one may then speak early. */
const causesRememberedMax = 100;

/**
 * Keeps an outage from filling the log. While the database is away every call fails for the same reason, thousands a second under
 * load, and the hundredth stack says no more than the first. Unexpected failures, which give no reason, are all logged.
 */
export class OutageLog implements Log {
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #causes = new Map<string, { readonly at: number; unlogged: number }>();

  constructor(log: Log, clock: () => number = () => performance.now()) {
    this.#log = log;
    this.#clock = clock;
  }

  isLevelEnabled(level: "debug"): boolean {
    return this.#log.isLevelEnabled?.(level) ?? true;
  }

  debug(fields: Record<string, unknown>, message: string): void {
    this.#log.debug(fields, message);
  }

  error(fields: Record<string, unknown>, message: string): void {
    if (typeof fields["reason"] !== "string") {
      this.#log.error(fields, message);
      return;
    }
    const key = `${fields["reason"]} ${textsOf(fields["err"])}`;
    const now = this.#clock();
    const last = this.#causes.get(key);
    if (last !== undefined && now - last.at < outageIntervalMs) {
      last.unlogged += 1;
      return;
    }
    this.#remember(key, now);
    this.#log.error(last === undefined ? fields : { ...fields, callsSinceLastLogged: last.unlogged + 1 }, message);
  }

  #remember(key: string, at: number): void {
    this.#causes.delete(key);
    if (this.#causes.size >= causesRememberedMax) {
      const [longestSilent] = this.#causes.keys();
      if (longestSilent !== undefined) this.#causes.delete(longestSilent);
    }
    this.#causes.set(key, { at, unlogged: 0 });
  }
}

/** The messages of an error and of its causes, by which two failures are of one cause. */
function textsOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${textsOf(error.cause)}` : "";
}
