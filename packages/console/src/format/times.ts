import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";

/** How exactly an instant is written. Events are ordered within the millisecond; periods begin at full minutes. */
export type Precision = "day" | "minute" | "second" | "millisecond";

const dayOptions: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", day: "numeric" };
const minuteOptions: Intl.DateTimeFormatOptions = { ...dayOptions, hour: "2-digit", minute: "2-digit" };
const secondOptions: Intl.DateTimeFormatOptions = { ...minuteOptions, second: "2-digit" };

const optionsByPrecision: Readonly<Record<Precision, Intl.DateTimeFormatOptions>> = {
  day: dayOptions,
  minute: minuteOptions,
  second: secondOptions,
  millisecond: { ...secondOptions, fractionalSecondDigits: 3 },
};

/** Making a formatter takes longer than a hundred uses of it, and a table has thousands of instants. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(options: Intl.DateTimeFormatOptions, timeZone: string, locale?: string): Intl.DateTimeFormat {
  const key = JSON.stringify([options, timeZone, locale]);
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(locale, { ...options, timeZone });
    formatters.set(key, formatter);
  }
  return formatter;
}

/** The viewer's own time zone, an IANA name. */
export function viewerTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The instant that a message holds, to the millisecond; undefined where it holds none. */
export function instantOf(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp === undefined ? undefined : timestampDate(timestamp);
}

/** An instant as people in that zone write it. */
export function formatInstant(instant: Date, timeZone: string, precision: Precision, locale?: string): string {
  return formatterFor(optionsByPrecision[precision], timeZone, locale).format(instant);
}

/** Hour and minute alone, for an hour whose day is known. */
export function formatHour(instant: Date, timeZone: string, locale?: string): string {
  return formatterFor({ hour: "2-digit", minute: "2-digit" }, timeZone, locale).format(instant);
}

/** The same with the short name of the zone, where several zones stand side by side. */
export function formatInstantWithZone(instant: Date, timeZone: string, precision: Precision, locale?: string): string {
  return formatterFor({ ...optionsByPrecision[precision], timeZoneName: "short" }, timeZone, locale).format(instant);
}

/** False for a zone that this browser does not know: the service's may know more of them. */
export function isKnownTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return true;
  } catch {
    return false;
  }
}

const relativeSteps: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, milliseconds: number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

/** How far an instant is from now, in one unit: "in 3 days", "2 hours ago". */
export function formatDistance(instant: Date, now: Date, locale?: string): string {
  const difference = instant.getTime() - now.getTime();
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [unit, milliseconds] of relativeSteps) {
    if (Math.abs(difference) >= milliseconds) return format.format(Math.trunc(difference / milliseconds), unit);
  }
  return format.format(0, "second");
}
