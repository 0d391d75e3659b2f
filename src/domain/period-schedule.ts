import type { EpochMilliseconds } from "./instant.ts";

/** What a subscription says about where periods begin. */
export interface PeriodSchedule {
  /** An IANA name as `parseTimeZone` returns it. */
  readonly timeZone: string;
  /** Boundaries are counted from here in both directions; without it they are those of the calendar. */
  readonly anchor?: EpochMilliseconds | undefined;
}
