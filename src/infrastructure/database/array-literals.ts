import type { EpochMilliseconds } from "../../domain/instant.ts";

/**
 * PostgreSQL's text form of arrays. The driver would make it too, element by element with two regular expressions each; for the
 * thirty-odd columns of a batch that was a tenth of everything the service allocated.
 */

/** Of values that need no quotes: UUIDs, numbers, timestamps, and words of ours. */
export function plainArray(values: readonly (string | number | bigint | null)[]): string {
  return `{${values.map((value) => value ?? "null").join(",")}}`;
}

/**
 * Of any text without control characters: codes, keys, canonical JSON. Between the brackets a JSON array of strings and nulls
 * reads like one of PostgreSQL's, where a backslash keeps the character behind it. Only control characters and halves of surrogate
 * pairs, which JSON writes as letters behind a backslash, would come out as these letters; no door lets them in.
 */
export function textArray(values: readonly (string | null)[]): string {
  return `{${JSON.stringify(values).slice(1, -1)}}`;
}

/** Instants of one batch are few, so each is written once. */
export function timestampArray(instants: readonly EpochMilliseconds[]): string {
  const texts = new Map<EpochMilliseconds, string>();
  return plainArray(
    instants.map((instant) => {
      const known = texts.get(instant);
      if (known !== undefined) return known;
      const text = new Date(instant).toISOString();
      texts.set(instant, text);
      return text;
    }),
  );
}
