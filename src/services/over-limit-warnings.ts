import { counterKeyText } from "../domain/counter-key.ts";
import { crossesLimit, isOverLimit, type UsageEvent } from "../domain/usage-event.ts";

/** Where warnings go. */
export interface WarningLog {
  warn(fields: Record<string, unknown>, message: string): void;
}

/** One warning per counter and this long, after the one at the crossing (R2). */
const warningIntervalMs = 60_000;
/** Counters whose last warning is remembered; beyond, the longest silent one is forgotten and may warn early. */
const rememberedCountersMax = 10_000;

/** Warns when SOFT limits are passed: at the crossing, then at most once per counter and minute, with a count. */
export class OverLimitWarnings {
  readonly #log: WarningLog;
  readonly #lastWarnings = new Map<string, { at: number; unreported: number }>();

  constructor(log: WarningLog) {
    this.#log = log;
  }

  /** To be called once for each event that was recorded, and not for replays. */
  recorded(event: UsageEvent): void {
    if (!isOverLimit(event)) return;
    const key = `${counterKeyText(event)} ${event.periodKind} ${event.periodStart}`;
    const last = this.#lastWarnings.get(key);
    if (crossesLimit(event)) {
      this.#remember(key, event.createdAt);
      this.#warn(event, "usage crossed a SOFT limit", 1);
    } else if (last !== undefined && event.createdAt - last.at < warningIntervalMs) {
      last.unreported += 1;
    } else {
      this.#remember(key, event.createdAt);
      this.#warn(event, "usage is over a SOFT limit", (last?.unreported ?? 0) + 1);
    }
  }

  #remember(key: string, at: number): void {
    this.#lastWarnings.delete(key);
    if (this.#lastWarnings.size >= rememberedCountersMax) {
      const [longestSilent] = this.#lastWarnings.keys();
      if (longestSilent !== undefined) this.#lastWarnings.delete(longestSilent);
    }
    this.#lastWarnings.set(key, { at, unreported: 0 });
  }

  #warn(event: UsageEvent, message: string, events: number): void {
    const { tenantId, metricCode, limit, usageAfter, planCode } = event;
    this.#log.warn(
      { tenantId, metricCode, planCode, limit: String(limit), current: String(usageAfter), eventsOverLimit: events },
      message,
    );
  }
}
