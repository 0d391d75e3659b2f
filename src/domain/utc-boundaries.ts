import {
  type CalendarKind,
  type CalendarUnit,
  calendarUnits,
  dayMs,
  firstMondayEpochDays,
  hourMs,
  monthsPerYear,
} from "./calendar-unit.ts";
import type { EpochMilliseconds } from "./instant.ts";
import type { PeriodBoundaries } from "./period-boundaries.ts";

/** Hours are 60 elapsed minutes in every zone (rule R10), from the anchor or else from the UTC hour. */
export function hourBoundaries(anchor: EpochMilliseconds | undefined): PeriodBoundaries {
  return equalBoundaries(anchor ?? 0, hourMs);
}

/**
 * Boundaries in UTC by plain arithmetic: UTC has no gaps and no overlaps, so days and weeks have one length and months
 * need only their number of days. UTC is what a tenant without a subscription gets, and this costs a hundredth (days,
 * weeks) to a sixth (months, years) of the way through Temporal. A property test holds the two equal.
 */
export function utcBoundaries(kind: CalendarKind, anchor: EpochMilliseconds | undefined): PeriodBoundaries {
  const unit = calendarUnits[kind];
  if (unit.months > 0) return monthBoundaries(anchor ?? 0, unit);
  const calendarOrigin = kind === "WEEK" ? firstMondayEpochDays * dayMs : 0;
  return equalBoundaries(anchor ?? calendarOrigin, unit.days * dayMs);
}

function equalBoundaries(origin: EpochMilliseconds, lengthMs: number): PeriodBoundaries {
  return {
    at: (index) => origin + index * lengthMs,
    near: (instant) => Math.floor((instant - origin) / lengthMs),
  };
}

function monthBoundaries(origin: EpochMilliseconds, unit: CalendarUnit): PeriodBoundaries {
  const from = new Date(origin);
  const year = from.getUTCFullYear();
  const month = from.getUTCMonth();
  const day = from.getUTCDate();
  return {
    at(index) {
      const months = month + index * unit.months;
      // Setting a Date rather than Date.UTC, which reads the years 0 to 99 as 1900 to 1999.
      return new Date(origin).setUTCFullYear(year, months, Math.min(day, daysInMonth(year, months)));
    },
    near(instant) {
      const at = new Date(instant);
      const months = (at.getUTCFullYear() - year) * monthsPerYear + at.getUTCMonth() - month;
      return Math.floor(months / unit.months);
    },
  };
}

/** `months` counts from January of the year and may lie outside 0 … 11. */
function daysInMonth(year: number, months: number): number {
  return new Date(new Date(0).setUTCFullYear(year, months + 1, 0)).getUTCDate();
}
