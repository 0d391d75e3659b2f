import { compareText } from "../../domain/compare-text.ts";

/** Rows sorted by a text in the order of its UTF-16 code units, from after a position on, a number of them at most. */
export function sortedPage<Row>(
  rows: Iterable<Row>,
  textOf: (row: Row) => string,
  after: string | undefined,
  limit: number,
): Row[] {
  return [...rows]
    .filter((row) => after === undefined || textOf(row) > after)
    .sort((a, b) => compareText(textOf(a), textOf(b)))
    .slice(0, limit);
}
