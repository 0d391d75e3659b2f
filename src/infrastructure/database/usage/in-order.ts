import { compareText } from "../../../domain/compare-text.ts";

/** A sorted copy, by keys that are made once for each item. */
export function inOrder<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => compareText(a.key, b.key))
    .map(({ item }) => item);
}
