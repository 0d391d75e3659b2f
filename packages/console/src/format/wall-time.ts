/**
 * Conversions between an instant and what a `datetime-local` field holds, in any time zone: the field itself knows the
 * browser's zone only, and a filter must mean what the table beside it shows.
 */

const wallTimePattern = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/;

/** The difference from UTC that holds in the zone at the instant. */
function offsetMs(instantMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(instantMs);
  const read = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"), read("second"));
  return wall - Math.floor(instantMs / 1_000) * 1_000;
}

/** What a `datetime-local` field shows for the instant, with seconds only where there are some. */
export function wallTimeOf(instant: Date, timeZone: string): string {
  const wall = new Date(instant.getTime() + offsetMs(instant.getTime(), timeZone)).toISOString();
  return wall.slice(17, 19) === "00" ? wall.slice(0, 16) : wall.slice(0, 19);
}

/**
 * The instant at which the zone's clocks show the text. A time that is skipped in spring is read with the offset before the
 * change, and one that occurs twice in autumn is the first: as Temporal's "compatible" has it.
 *
 * @returns undefined for a text that is no wall time
 */
export function instantAt(wallTime: string, timeZone: string): Date | undefined {
  const match = wallTimePattern.exec(wallTime);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map((digits) => Number(digits ?? 0));
  const asUtc = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second ?? 0);
  if (Number.isNaN(asUtc)) return undefined;
  const dayMs = 86_400_000;
  const before = offsetMs(asUtc - dayMs, timeZone);
  const after = offsetMs(asUtc + dayMs, timeZone);
  for (const offset of [before, after]) {
    if (offsetMs(asUtc - offset, timeZone) === offset) return new Date(asUtc - offset);
  }
  return new Date(asUtc - before);
}
