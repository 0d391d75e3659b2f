import {
  amountMax,
  amountMin,
  codePattern,
  codePatternText,
  controlObjectIdLengthMax,
  counterMax,
  idempotencyKeyLengthMax,
} from "./bounds.ts";
import { quoted } from "./echo.ts";
import { parseTimeZone } from "./time-zone.ts";

/**
 * Checks of single values against the bounds. Each answers what is wrong and what is allowed, as a text that continues
 * the name of the field, or `undefined` when the value is good. Values are echoed escaped and cut; nothing here throws.
 */

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const nilUuid = "00000000-0000-0000-0000-000000000000";
const printableAsciiPattern = /^[\x20-\x7e]*$/;

/** A hyphenated UUID other than nil, in either case; whoever stores it lower-cases it first. */
export function tenantIdProblem(tenantId: string): string | undefined {
  if (tenantId === "") return "is empty; a UUID in its hyphenated form is required";
  if (!uuidPattern.test(tenantId)) return `${quoted(tenantId)} is not a UUID in its hyphenated form of 36 characters`;
  return tenantId === nilUuid ? "is the nil UUID, which stands for nobody" : undefined;
}

/** The id of an API key, of the same form. */
export function keyIdProblem(keyId: string): string | undefined {
  if (keyId === nilUuid) return "is the nil UUID, which stands for no key";
  return tenantIdProblem(keyId);
}

/** The identity of a changed object, as a filter. Of which kind it is, it need not say. */
export function controlObjectIdProblem(objectId: string): string | undefined {
  const allowed = `1 to ${controlObjectIdLengthMax} characters are allowed`;
  if (objectId === "") return `is empty; ${allowed}`;
  return textProblem(objectId, controlObjectIdLengthMax);
}

/** A metric code or a plan code. */
export function codeProblem(code: string): string | undefined {
  if (code === "") return `is empty; 1 to 100 characters are required, ${codePatternText}`;
  return codePattern.test(code) ? undefined : `${quoted(code)} does not match ${codePatternText}`;
}

/** How much one event uses. */
export function amountProblem(amount: bigint): string | undefined {
  return rangeProblem(amount, amountMin, amountMax);
}

/** A plan's or an override's figure, 0 included: it allows nothing. */
export function limitProblem(limit: bigint): string | undefined {
  return rangeProblem(limit, 0n, counterMax);
}

/**
 * A limit as plans and overrides are written: exactly one of a figure and "unlimited". Neither is refused, because a
 * forgotten figure must never grant infinity.
 *
 * @param limit absent when no figure was given
 */
export function limitChoiceProblem(limit: bigint | undefined, unlimited: boolean): string | undefined {
  if (limit === undefined) return unlimited ? undefined : "is required, unless `unlimited` is true";
  if (unlimited) return `${limit} is given although \`unlimited\` is true: exactly one of both is allowed`;
  return limitProblem(limit);
}

/** The revision of a plan that a change is based on. */
export function revisionProblem(revision: bigint): string | undefined {
  if (revision === 0n) return "is required: the revision of the plan that was read";
  return rangeProblem(revision, 1n, counterMax);
}

/** A key that was sent. An empty one is refused: it is a variable that was never filled. */
export function idempotencyKeyProblem(key: string): string | undefined {
  const allowed = `1 to ${idempotencyKeyLengthMax} printable ASCII characters are allowed`;
  if (key === "") return `is empty; ${allowed}`;
  if (!printableAsciiPattern.test(key)) return `${quoted(key)} holds other characters; ${allowed}`;
  return key.length > idempotencyKeyLengthMax
    ? `${quoted(key)} is ${key.length} characters long; ${allowed}`
    : undefined;
}

/**
 * A text that people wrote and the storage must take: PostgreSQL refuses U+0000, and half a surrogate pair is no text.
 *
 * @param lengthMax in Unicode characters, as PostgreSQL counts them
 */
export function textProblem(text: string, lengthMax: number): string | undefined {
  if (text.includes("\u0000")) return `${quoted(text)} holds the character U+0000, which cannot be stored`;
  if (!text.isWellFormed()) return `${quoted(text)} holds half a surrogate pair`;
  const length = characterCount(text);
  return length > lengthMax
    ? `${quoted(text)} is ${length} characters long, at most ${lengthMax} are allowed`
    : undefined;
}

/** The zone of a subscription; empty is UTC. */
export function timeZoneProblem(name: string): string | undefined {
  return parseTimeZone(name) === undefined
    ? `${quoted(name)} is not the IANA name of a time zone, such as Europe/Berlin`
    : undefined;
}

/** A list with more items than allowed. */
export function countProblem(count: number, countMax: number): string | undefined {
  return count > countMax ? `has ${count} items, at most ${countMax} are allowed` : undefined;
}

/** Metrics of a plan: the positions at which a code stands that an earlier item already has. */
export function repeatedPositions(codes: readonly string[]): number[] {
  const seen = new Set<string>();
  return codes.flatMap((code, position) => {
    if (seen.has(code)) return [position];
    seen.add(code);
    return [];
  });
}

function rangeProblem(value: bigint, min: bigint, max: bigint): string | undefined {
  return value < min || value > max ? `${value} is outside of ${min} to ${max}` : undefined;
}

function characterCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
