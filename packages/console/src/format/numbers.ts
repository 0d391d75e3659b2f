/**
 * Counters and limits are whole numbers up to 2^53 - 1 and arrive as bigint. They are written out whole: support staff
 * compare them digit by digit, and `1.2k of 1.2k` explains no refusal.
 */

const percentFractionMax = 1_000;

/** A counter, a limit or an amount, grouped as the viewer's locale groups. */
export function formatCount(value: bigint | number, locale?: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** A limit as text; undefined is how the contract says unlimited. */
export function formatLimit(limit: bigint | undefined, locale?: string): string {
  return limit === undefined ? "unlimited" : formatCount(limit, locale);
}

/** With a sign in front, also of positive numbers. */
export function formatDifference(value: bigint, locale?: string): string {
  return new Intl.NumberFormat(locale, { signDisplay: "exceptZero" }).format(value);
}

/**
 * A share in percent, rounded down: a tenant at 99.97 % of a HARD limit can still use something, and must not be shown as
 * full.
 *
 * @param percent 100 is the limit
 */
export function formatPercent(percent: number, locale?: string): string {
  const digits = percent < percentFractionMax ? 1 : 0;
  const scale = 10 ** digits;
  const rounded = Math.floor(percent * scale) / scale;
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits }).format(rounded / 100);
}

/** Usage as a share of its limit, in percent; a limit of 0 is taken as 1, as the service does. */
export function percentOf(current: bigint, limit: bigint): number {
  return (Number(current) / Math.max(Number(limit), 1)) * 100;
}

const byteUnits = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A size in the largest unit that leaves at least 1. */
export function formatBytes(bytes: number, locale?: string): string {
  const step = 1_000;
  let unit = 0;
  let size = bytes;
  while (size >= step && unit < byteUnits.length - 1) {
    size /= step;
    unit += 1;
  }
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: byteUnits[unit] ?? "byte",
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: unit === 0 ? 0 : 1,
  }).format(size);
}

/** A number of things, with the word that goes with it. */
export function formatQuantity(count: bigint | number, one: string, many: string, locale?: string): string {
  return `${formatCount(count, locale)} ${BigInt(count) === 1n ? one : many}`;
}
