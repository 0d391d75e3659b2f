import { quoted } from "../domain/echo.ts";
import type { YamlPlace } from "./yaml-place.ts";

/** One item of a list whose items have an identity. */
export interface Entry<Value> {
  /** Where the identity stands. */
  readonly place: YamlPlace;
  /** What no two entries of a list may share; absent when it was refused. */
  readonly identity?: string | undefined;
  /** Absent when anything about it was refused. */
  readonly value?: Value | undefined;
}

export function reportRepeats(entries: readonly Entry<unknown>[]): void {
  const seen = new Map<string, YamlPlace>();
  for (const { identity, place } of entries) {
    if (identity === undefined) continue;
    const earlier = seen.get(identity);
    if (earlier === undefined) seen.set(identity, place);
    else place.report(`${quoted(identity)} is a duplicate: line ${earlier.line} has it already`);
  }
}

export function valuesOf<Value>(entries: readonly Entry<Value>[]): Value[] {
  return entries.flatMap(({ value }) => (value === undefined ? [] : [value]));
}
