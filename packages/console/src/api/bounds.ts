/** The bounds of the contract that a filter is checked against before it is sent. */

const tenantIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const nilTenantId = "00000000-0000-0000-0000-000000000000";
const metricCodePattern = /^[a-z][a-z0-9_.-]{0,99}$/;
const objectIdLengthMax = 140;

/** The complaint about a text, or undefined where there is none. */
export type Validate = (text: string) => string | undefined;

export const validateUuid: Validate = (text) => {
  if (!tenantIdPattern.test(text.toLowerCase())) {
    return "Not a UUID: 36 characters are needed, such as 11111111-1111-4111-8111-111111111111.";
  }
  return text === nilTenantId ? "The nil UUID names nobody." : undefined;
};

export const validateMetricCode: Validate = (text) =>
  metricCodePattern.test(text)
    ? undefined
    : "Not a metric code: a lower-case letter, then lower-case letters, digits, “_”, “.” and “-”, at most 100 in all.";

export const validateObjectId: Validate = (text) =>
  text.length <= objectIdLengthMax ? undefined : `At most ${objectIdLengthMax} characters; these are ${text.length}.`;

/** With a zone: a wall time would mean another instant in the browser of each colleague who is sent the address. */
const instantPattern = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

export const validateInstant: Validate = (text) =>
  instantPattern.test(text) && isDateOfCalendar(text)
    ? undefined
    : "Not an instant: RFC 3339 with a zone is needed, such as 2026-11-24T09:00:00Z or 2026-11-24T10:00:00+01:00.";

/** False for the 31st of February and the like, which `Date` moves into the next month. */
function isDateOfCalendar(text: string): boolean {
  const midnight = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text.slice(0, 10));
}

/** Keys and tokens are made of visible ASCII alone; a header could not hold much else. */
const noCredentialCharacter = /[^\x21-\x7e]/;

/** Found before anything is sent: the browser refuses to make such a header, which looks as if no service were there. */
export const validateCredential: Validate = (text) => {
  const place = text.search(noCredentialCharacter);
  if (place === -1) return undefined;
  const code = text.codePointAt(place)?.toString(16).toUpperCase().padStart(4, "0");
  return `No key or token: character ${place + 1} is U+${code}. They are made of letters, digits and signs of ASCII; copy it anew.`;
};
