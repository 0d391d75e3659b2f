import { instantMaxMs, instantMinMs } from "../../domain/bounds.ts";
import type { EpochMilliseconds } from "../../domain/instant.ts";
import type { FieldViolations } from "./field-violations.ts";

/** A google.protobuf.Timestamp, as far as it is read. */
export interface WireInstant {
  readonly seconds: bigint;
  readonly nanos: number;
}

type Rounding = (milliseconds: number) => number;

const secondsMin = BigInt(instantMinMs / 1_000);
const secondsMax = BigInt(Math.floor(instantMaxMs / 1_000));
const nanosMax = 999_999_999;
const nanosPerMs = 1_000_000;

/** The instant with what is below the millisecond cut off. */
export function readInstant(
  violations: FieldViolations,
  field: string,
  instant: WireInstant | undefined,
): EpochMilliseconds | undefined {
  return read(violations, field, instant, Math.floor);
}

/**
 * A bound of a time range, rounded up to the next millisecond. Events have whole milliseconds, so this loses nothing:
 * those at or after 10:00:00.0005 are those at or after .001, and those before it are those before .001.
 */
export function readRangeBound(
  violations: FieldViolations,
  field: string,
  instant: WireInstant | undefined,
): EpochMilliseconds | undefined {
  const bound = read(violations, field, instant, Math.ceil);
  return bound === undefined ? undefined : Math.min(bound, instantMaxMs);
}

/** Whether the first is before the second, to the nanosecond. */
export function isBefore(first: WireInstant, second: WireInstant): boolean {
  return first.seconds === second.seconds ? first.nanos < second.nanos : first.seconds < second.seconds;
}

function read(
  violations: FieldViolations,
  field: string,
  instant: WireInstant | undefined,
  round: Rounding,
): EpochMilliseconds | undefined {
  if (instant === undefined) return undefined;
  const problem = instantProblem(instant);
  violations.add(field, problem);
  return problem === undefined ? Number(instant.seconds) * 1_000 + round(instant.nanos / nanosPerMs) : undefined;
}

function instantProblem({ seconds, nanos }: WireInstant): string | undefined {
  if (nanos < 0 || nanos > nanosMax) return `has ${nanos} nanos; 0 to ${nanosMax} are allowed`;
  return seconds < secondsMin || seconds > secondsMax
    ? `has ${seconds} seconds; 1970-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z are allowed`
    : undefined;
}
