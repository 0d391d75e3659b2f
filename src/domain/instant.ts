/**
 * A point in time as whole milliseconds since 1970-01-01T00:00:00Z.
 *
 * Milliseconds are the precision of everything the service stores (a UUIDv7 carries no more), and a plain number keeps
 * comparisons plain: `<` on a Temporal.Instant throws.
 */
export type EpochMilliseconds = number;
