/**
 * The zone of a subscription that names none. It is also the one zone whose periods need no time-zone data, so an
 * alias such as "Etc/UTC" counts the same periods, more slowly.
 */
export const utcTimeZone = "UTC";

/**
 * The letters of an IANA name. Temporal by itself takes too much for a zone: offsets ("+02:00", "-0300"), and whole
 * date-times of which it keeps the zone ("2020-01-01T00:00Z", "T12+05"). An offset is refused because it knows no
 * daylight saving, and whoever sends one has almost always formatted "now" rather than chosen a zone.
 */
const ianaNamePattern = /^[A-Za-z][A-Za-z0-9._+-]*(?:\/[A-Za-z0-9._+-]+)*$/;

/**
 * Checks the name of a time zone and gives it the case of the IANA database ("europe/berlin" → "Europe/Berlin"); an
 * empty name is UTC. Links ("US/Pacific", "Asia/Calcutta") keep the name that was asked for, because that is the name
 * its owner will look for.
 *
 * Undefined when the name is refused: an offset, "Z", surrounding or inner spaces, or a zone that this runtime's
 * time-zone data does not know.
 */
export function parseTimeZone(name: string): string | undefined {
  if (name === "") return utcTimeZone;
  if (!ianaNamePattern.test(name)) return undefined;
  const known = knownZone(name);
  // "T12+05" is made of the right letters and comes back as "+05:00": only another case of the same name is that name.
  return known?.toLowerCase() === name.toLowerCase() ? known : undefined;
}

function knownZone(name: string): string | undefined {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch {
    return undefined;
  }
}
