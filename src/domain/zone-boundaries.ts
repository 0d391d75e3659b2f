import {
  type CalendarKind,
  type CalendarUnit,
  calendarUnits,
  dayMs,
  firstMondayEpochDays,
  monthsPerYear,
} from "./calendar-unit.ts";
import type { EpochMilliseconds } from "./instant.ts";
import type { PeriodBoundaries } from "./period-boundaries.ts";

const epochDate = new Temporal.PlainDate(1970, 1, 1);
const firstMonday = epochDate.add({ days: firstMondayEpochDays });
const nanosecondsPerMs = 1_000_000;

/**
 * The zone's own days, Monday weeks, months and years. Each begins with the first instant of its first date: midnight,
 * or where clocks skip midnight, the instant they skip to; of two midnights, the earlier.
 */
export function calendarBoundaries(kind: CalendarKind, timeZone: string): PeriodBoundaries {
  const unit = calendarUnits[kind];
  const origin = kind === "WEEK" ? firstMonday : epochDate;
  return {
    at: (index) => origin.add(times(unit, index)).toZonedDateTime(timeZone).epochMilliseconds,
    near: (instant) => unitsBetween(unit, origin.toZonedDateTime(timeZone), zoned(instant, timeZone)),
  };
}

/**
 * Boundary n is the anchor plus n units on the zone's clock, always from the anchor itself: chained steps would turn
 * the 31st into the 28th for good after one February. A date that the month lacks becomes its last day; a local time
 * that is skipped moves on by the gap, and of two the earlier is taken ("compatible").
 *
 * Local times rise with n and "compatible" keeps their order, so boundaries never run backwards. Boundary 0 alone may
 * be the later of two equal local times; the next is a day away, and since 1970 no clock went back by more than hours.
 */
export function anchoredBoundaries(kind: CalendarKind, timeZone: string, anchor: EpochMilliseconds): PeriodBoundaries {
  const unit = calendarUnits[kind];
  const origin = zoned(anchor, timeZone);
  return {
    at: (index) => origin.add(times(unit, index)).epochMilliseconds,
    near: (instant) => unitsBetween(unit, origin, zoned(instant, timeZone)),
  };
}

function zoned(instant: EpochMilliseconds, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
}

function times(unit: CalendarUnit, count: number): { days: number; months: number } {
  return { days: unit.days * count, months: unit.months * count };
}

/** How often the unit fits between two local dates, by the date alone: right to within one. */
function unitsBetween(unit: CalendarUnit, from: Temporal.ZonedDateTime, to: Temporal.ZonedDateTime): number {
  if (unit.months > 0) {
    const months = (to.year - from.year) * monthsPerYear + to.month - from.month;
    return Math.floor(months / unit.months);
  }
  // By day numbers: Temporal's `until` gives the same and makes each look-up a quarter dearer.
  return Math.floor((localDay(to) - localDay(from)) / unit.days);
}

/** Days from 1970-01-01 to the local date. */
function localDay(at: Temporal.ZonedDateTime): number {
  return Math.floor((at.epochMilliseconds + at.offsetNanoseconds / nanosecondsPerMs) / dayMs);
}
