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

export const validateInstant: Validate = (text) =>
  Number.isNaN(Date.parse(text)) ? "Not an instant: RFC 3339 is needed, such as 2026-11-24T09:00:00Z." : undefined;
