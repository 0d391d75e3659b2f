import type { PeriodKind } from "./period-kind.ts";

/** The kinds whose length depends on the calendar or on daylight saving: not HOUR (elapsed), not LIFETIME (endless). */
export type CalendarKind = Exclude<PeriodKind, "HOUR" | "LIFETIME">;

/** A step on the calendar: whole days or whole months, the other zero. A year is twelve months, 29 February or not. */
export interface CalendarUnit {
  readonly days: number;
  readonly months: number;
}

export const calendarUnits: Readonly<Record<CalendarKind, CalendarUnit>> = {
  DAY: { days: 1, months: 0 },
  WEEK: { days: 7, months: 0 },
  MONTH: { days: 0, months: 1 },
  YEAR: { days: 0, months: 12 },
};

export const monthsPerYear = 12;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

/**
 * Days from 1970-01-01, a Thursday, to the first Monday. Calendar weeks are counted from that Monday, and days, months
 * and years from 1970-01-01 itself, which begins one of each.
 */
export const firstMondayEpochDays = 4;
