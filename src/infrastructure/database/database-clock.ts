/**
 * The SQL expressions that every decision and read takes the time from (R9). In the service they are PostgreSQL's own
 * clock; tests put a table of theirs in its place, to be at any instant.
 */
export interface DatabaseClock {
  /** The time at the moment of evaluation. */
  readonly nowSql: string;
  /** A lower bound of `nowSql` in the same statement, constant within it, so that an index can be searched by it. */
  readonly floorSql: string;
}

export const postgresClock: DatabaseClock = { nowSql: "clock_timestamp()", floorSql: "statement_timestamp()" };

/** The clock as whole milliseconds since the epoch. */
export function clockMillisecondsSql(clock: DatabaseClock): string {
  return `floor(extract(epoch from ${clock.nowSql}) * 1000)::bigint::text`;
}
