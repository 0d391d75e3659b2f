import fc from "fast-check";
import { expect, test } from "vitest";
import type { CalendarKind } from "../../src/domain/calendar-unit.ts";
import { contains } from "../../src/domain/period.ts";
import { periodAt } from "../../src/domain/period-calendar.ts";
import { anchoredBoundaries, calendarBoundaries } from "../../src/domain/zone-boundaries.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const year2100 = Date.parse("2100-01-01T00:00Z");

/** Zones whose clocks have done what hurts: a missing day, a missing or double midnight, 30 minutes, three hours. */
const troublesomeZones = [
  "Pacific/Apia",
  "Pacific/Kwajalein",
  "Pacific/Kiritimati",
  "America/Sao_Paulo",
  "Asia/Beirut",
  "America/St_Johns",
  "America/Goose_Bay",
  "America/Havana",
  "Australia/Lord_Howe",
  "Antarctica/Casey",
] as const;

const calendarKinds = fc.constantFrom<CalendarKind[]>("DAY", "WEEK", "MONTH", "YEAR");
const instants = fc.integer({ min: 0, max: year2100 });
const zones = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Intl.supportedValuesOf("timeZone")) },
  { weight: 1, arbitrary: fc.constantFrom(...troublesomeZones) },
);

/** Half of the instants lie within two days of a change of the zone's clock: a random one would hardly ever meet it. */
function near(timeZone: string, instant: number, nudge: number | undefined): number {
  if (nudge === undefined) return instant;
  const change = zoned(instant, timeZone).getTimeZoneTransition("next")?.epochMilliseconds;
  return change === undefined || change > year2100 ? instant : Math.max(0, change + nudge);
}

const nudges = fc.option(
  fc.oneof(
    fc.integer({ min: -2 * dayMs, max: 2 * dayMs }),
    fc.integer({ min: -48, max: 48 }).map((halfHours) => (halfHours * hourMs) / 2),
    fc.constantFrom(-1, 0, 1),
  ),
  { nil: undefined, freq: 2 },
);

const cases = fc
  .record({
    kind: calendarKinds,
    timeZone: zones,
    instant: instants,
    instantNudge: nudges,
    anchor: fc.option(instants, { nil: undefined, freq: 4 }),
    anchorNudge: nudges,
  })
  .map(({ kind, timeZone, instant, instantNudge, anchor, anchorNudge }) => ({
    kind,
    instant: near(timeZone, instant, instantNudge),
    schedule: { timeZone, anchor: anchor === undefined ? undefined : near(timeZone, anchor, anchorNudge) },
  }));

/** Anchors from which every boundary up to the instant can be listed in a millisecond or two. */
const anchorDistanceMs: Record<CalendarKind, number> = {
  DAY: 500 * dayMs,
  WEEK: 3_000 * dayMs,
  MONTH: 30_000 * dayMs,
  YEAR: year2100,
};

const anchoredCases = cases.chain(({ kind, instant, schedule: { timeZone } }) =>
  fc
    .tuple(fc.integer({ min: -anchorDistanceMs[kind], max: anchorDistanceMs[kind] }), nudges)
    .map(([distance, nudge]) => ({ kind, instant, timeZone, anchor: near(timeZone, instant + distance, nudge) })),
);

function zoned(instant: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
}

/** The slow way: boundaries one after the other from n = 0, until one lies on the other side of the instant. */
function anchoredOracle(kind: CalendarKind, instant: number, timeZone: string, anchor: number): [number, number] {
  const local = zoned(anchor, timeZone).toPlainDateTime();
  const boundary = (n: number): number => {
    if (n === 0) return anchor;
    const unit = { DAY: { days: n }, WEEK: { weeks: n }, MONTH: { months: n }, YEAR: { years: n } }[kind];
    const shifted = local.add(unit, { overflow: "constrain" });
    return shifted.toZonedDateTime(timeZone, { disambiguation: "compatible" }).epochMilliseconds;
  };
  let n = 0;
  while (boundary(n) <= instant) n += 1;
  while (boundary(n) > instant) n -= 1;
  const start = boundary(n);
  let next = n + 1;
  while (boundary(next) <= start) next += 1;
  return [start, boundary(next)];
}

/** The slow way: the first instants of all dates around, of those that begin a unit, the two around the instant. */
function calendarOracle(kind: CalendarKind, instant: number, timeZone: string): [number, number] {
  const begins = (date: Temporal.PlainDate): boolean =>
    ({ DAY: true, WEEK: date.dayOfWeek === 1, MONTH: date.day === 1, YEAR: date.dayOfYear === 1 })[kind];
  const days = { DAY: 4, WEEK: 10, MONTH: 34, YEAR: 368 }[kind];
  const today = zoned(instant, timeZone).toPlainDate();
  let start = Number.NEGATIVE_INFINITY;
  let end = Number.POSITIVE_INFINITY;
  for (let day = -days; day <= days; day += 1) {
    const date = today.add({ days: day });
    if (!begins(date)) continue;
    const boundary = date.toZonedDateTime(timeZone).epochMilliseconds;
    if (boundary <= instant) start = Math.max(start, boundary);
    else end = Math.min(end, boundary);
  }
  return [start, end];
}

test("every instant lies in its period, also the first and the last millisecond of it", () => {
  fc.assert(
    fc.property(cases, ({ kind, instant, schedule }) => {
      const period = periodAt(kind, instant, schedule);
      expect(contains(period, instant)).toBe(true);
      expect(periodAt(kind, period.start, schedule)).toEqual(period);
      expect(periodAt(kind, period.end - 1, schedule)).toEqual(period);
    }),
    { numRuns: 2_000 },
  );
});

test("periods tile: the next starts where this one ends, the one before ends where it starts", () => {
  fc.assert(
    fc.property(cases, ({ kind, instant, schedule }) => {
      const period = periodAt(kind, instant, schedule);
      expect(periodAt(kind, period.end, schedule).start).toBe(period.end);
      expect(periodAt(kind, period.start - 1, schedule).end).toBe(period.start);
    }),
    { numRuns: 2_000 },
  );
});

test("anchored periods are those of a linear search over boundaries counted from the anchor", () => {
  fc.assert(
    fc.property(anchoredCases, ({ kind, instant, timeZone, anchor }) => {
      const { start, end } = periodAt(kind, instant, { timeZone, anchor });
      expect([start, end]).toEqual(anchoredOracle(kind, instant, timeZone, anchor));
    }),
    { numRuns: 1_000 },
  );
});

test("calendar periods are those of a search over the first instants of all dates", () => {
  fc.assert(
    fc.property(cases, ({ kind, instant, schedule: { timeZone } }) => {
      const { start, end } = periodAt(kind, instant, { timeZone });
      expect([start, end]).toEqual(calendarOracle(kind, instant, timeZone));
    }),
    { numRuns: 1_000 },
  );
});

test.each(troublesomeZones)("calendar days are right around every change of the clock in %s until 2040", (timeZone) => {
  const until = Date.parse("2040-01-01T00:00Z");
  const nudgesMs = [
    -25 * hourMs,
    -24 * hourMs,
    -hourMs,
    -1,
    0,
    1,
    hourMs / 2,
    hourMs - 1,
    hourMs,
    3 * hourMs,
    24 * hourMs,
  ];
  let clock = zoned(0, timeZone).getTimeZoneTransition("next");
  while (clock !== null && clock.epochMilliseconds < until) {
    for (const nudgeMs of nudgesMs) {
      const instant = clock.epochMilliseconds + nudgeMs;
      const { start, end } = periodAt("DAY", instant, { timeZone });
      expect([start, end]).toEqual(calendarOracle("DAY", instant, timeZone));
    }
    clock = clock.getTimeZoneTransition("next");
  }
});

test("a calendar period starts at midnight by ICU's clock, or where that clock skips midnight", () => {
  fc.assert(
    fc.property(cases, ({ kind, instant, schedule: { timeZone } }) => {
      const { start } = periodAt(kind, instant, { timeZone });
      const clock = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" });
      const [date, time] = clock.format(start).split(" ");
      const [dateBefore] = clock.format(start - 1).split(" ");
      if (time !== "00:00:00") expect(dateBefore).not.toBe(date);
      if (kind === "MONTH") expect(date).toMatch(/-01$/);
      if (kind === "YEAR") expect(date).toMatch(/-01-01$/);
    }),
    { numRuns: 1_000 },
  );
});

test("UTC by plain arithmetic equals UTC through Temporal", () => {
  // "Etc/UTC" is the same clock under a name that takes the way through Temporal.
  fc.assert(
    fc.property(cases, ({ kind, instant, schedule: { anchor } }) => {
      expect(periodAt(kind, instant, { timeZone: "UTC", anchor })).toEqual(
        periodAt(kind, instant, { timeZone: "Etc/UTC", anchor }),
      );
    }),
    { numRuns: 5_000 },
  );
});

test("boundaries never run backwards in any zone", () => {
  fc.assert(
    fc.property(cases, fc.boolean(), ({ kind, instant, schedule: { timeZone, anchor = instant } }, calendar) => {
      const boundaries = calendar ? calendarBoundaries(kind, timeZone) : anchoredBoundaries(kind, timeZone, anchor);
      const around = boundaries.near(instant);
      for (const index of [-1, 0, around - 2, around - 1, around, around + 1]) {
        expect(boundaries.at(index + 1)).toBeGreaterThanOrEqual(boundaries.at(index));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("hours are 60 minutes long and a whole number of hours from the anchor, whatever the zone", () => {
  fc.assert(
    fc.property(cases, ({ instant, schedule }) => {
      const period = periodAt("HOUR", instant, schedule);
      expect(contains(period, instant)).toBe(true);
      expect(period.end - period.start).toBe(hourMs);
      expect(Math.abs((period.start - (schedule.anchor ?? 0)) % hourMs)).toBe(0);
    }),
  );
});
