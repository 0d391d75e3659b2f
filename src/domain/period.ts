import type { EpochMilliseconds } from "./instant.ts";
import type { PeriodKind } from "./period-kind.ts";

/**
 * The stretch of time that one counter covers: half-open, `[start, end)`, never empty (rule R10).
 *
 * Half-open, so that the end of one period is the start of the next and every instant lies in exactly one.
 * Immutable, because one period is shared by every request that falls into it.
 */
export interface Period {
  readonly kind: PeriodKind;
  /** Inclusive. */
  readonly start: EpochMilliseconds;
  /** Exclusive. */
  readonly end: EpochMilliseconds;
}

/** Where LIFETIME is stored to start: 1970-01-01T00:00:00.000Z, before any event. Unset on the wire. */
export const lifetimeStartMs: EpochMilliseconds = 0;

/**
 * Where LIFETIME is stored to end: 9999-12-31T23:59:59.999Z, the last millisecond that a google.protobuf.Timestamp can
 * hold. A real instant, because the counter's constraints and indexes compare it like any other end. Unset on the wire.
 */
export const lifetimeEndMs: EpochMilliseconds = 253_402_300_799_999;

/** The one period of kind LIFETIME. */
export const lifetime: Period = { kind: "LIFETIME", start: lifetimeStartMs, end: lifetimeEndMs };

export function contains(period: Period, instant: EpochMilliseconds): boolean {
  return period.start <= instant && instant < period.end;
}
