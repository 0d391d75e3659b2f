/** One page of a listing; without a token it is the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken?: string;
}

export interface PageRequest {
  /** 1 … 1,000. */
  readonly size: number;
  /** Empty for the first page. */
  readonly token: string;
}

/** Cuts a page out of rows that were read one beyond its size, so that a full last page carries no token. */
export function pageOf<T>(rows: readonly T[], size: number, tokenAfter: (last: T) => string): Page<T> {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return rows.length > size && last !== undefined ? { items, nextPageToken: tokenAfter(last) } : { items };
}
