import { pageBytesMax } from "../domain/bounds.ts";

/** One page of a listing; without a token it is the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken?: string;
}

/** Which page is asked for. */
export interface PagePosition {
  /** 1 … 1,000. */
  readonly size: number;
  /** Empty for the first page. */
  readonly token: string;
}

export interface PageRequest<Item> extends PagePosition {
  /** The size of an item on the door's wire: a page ends early at 1 MiB of them, but never before its first. */
  readonly bytesOf: (item: Item) => number;
}

/** Cuts a page out of rows that were read one beyond its size, so that a full last page carries no token. */
export function pageOf<Item>(
  rows: readonly Item[],
  request: PageRequest<Item>,
  tokenAfter: (last: Item) => string,
): Page<Item> {
  const items = rows.slice(0, Math.min(request.size, countWithinBytes(rows, request.bytesOf)));
  const last = items.at(-1);
  return rows.length > items.length && last !== undefined ? { items, nextPageToken: tokenAfter(last) } : { items };
}

function countWithinBytes<Item>(rows: readonly Item[], bytesOf: (item: Item) => number): number {
  let bytes = 0;
  for (const [index, row] of rows.entries()) {
    bytes += bytesOf(row);
    if (bytes > pageBytesMax) return Math.max(index, 1);
  }
  return rows.length;
}
