import type { CalendarKind } from "./calendar-unit.ts";
import type { EpochMilliseconds } from "./instant.ts";
import { lifetime, type Period } from "./period.ts";
import { type PeriodBoundaries, periodAround } from "./period-boundaries.ts";
import type { PeriodKind } from "./period-kind.ts";
import type { PeriodSchedule } from "./period-schedule.ts";
import { utcTimeZone } from "./time-zone.ts";
import { hourBoundaries, utcBoundaries } from "./utc-boundaries.ts";
import { anchoredBoundaries, calendarBoundaries } from "./zone-boundaries.ts";

/** The shape of `periodAt`, so that a cache can stand in for it. */
export type PeriodLookup = (kind: PeriodKind, instant: EpochMilliseconds, schedule: PeriodSchedule) => Period;

/**
 * The period of the schedule that contains the instant (rule R10). Periods of one kind and schedule tile time: none is
 * empty, none overlaps, and no instant is left out. LIFETIME is the same for every schedule.
 *
 * Which period a new record gets is settled by `openPeriod`, because an earlier record may reach into this one.
 *
 * @throws RangeError when the runtime does not know the zone; HOUR and LIFETIME do not ask for it.
 */
export function periodAt(kind: PeriodKind, instant: EpochMilliseconds, schedule: PeriodSchedule): Period {
  if (kind === "LIFETIME") return lifetime;
  const boundaries = kind === "HOUR" ? hourBoundaries(schedule.anchor) : boundariesOf(kind, schedule);
  return periodAround(kind, boundaries, instant);
}

function boundariesOf(kind: CalendarKind, { timeZone, anchor }: PeriodSchedule): PeriodBoundaries {
  if (timeZone === utcTimeZone) return utcBoundaries(kind, anchor);
  if (anchor === undefined) return calendarBoundaries(kind, timeZone);
  return anchoredBoundaries(kind, timeZone, anchor);
}

/**
 * The period that a new record of this kind covers when it is opened at the instant (rule R11).
 *
 * `previousEnd` is the stored end of the latest record of the same tenant, metric and kind, absent when there is none.
 * A record runs to its stored end whatever happens to zone and anchor, so after such a change it may reach into the
 * new schedule's period; the new record then starts where the old one ended and is shorter, its limit not prorated.
 *
 * @throws RangeError when `previousEnd` is after the instant: that record is still open, and a second one beside it
 * would count the same time twice.
 */
export function openPeriod(
  kind: PeriodKind,
  instant: EpochMilliseconds,
  schedule: PeriodSchedule,
  previousEnd?: EpochMilliseconds,
  lookUp: PeriodLookup = periodAt,
): Period {
  const nominal = lookUp(kind, instant, schedule);
  if (previousEnd === undefined || previousEnd <= nominal.start) return nominal;
  if (previousEnd > instant) throw new RangeError(`the previous ${kind} record is open until ${previousEnd} ms`);
  return { kind, start: previousEnd, end: nominal.end };
}
