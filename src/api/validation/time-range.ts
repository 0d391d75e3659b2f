import type { EpochMilliseconds } from "../../domain/instant.ts";
import type { FieldViolations } from "./field-violations.ts";
import { isBefore, readRangeBound, type WireInstant } from "./instants.ts";

/** The two fields of a half-open range of time. */
interface WireRange {
  readonly from: readonly [field: string, instant: WireInstant | undefined];
  readonly before: readonly [field: string, instant: WireInstant | undefined];
}

/**
 * A range of which either bound may be left out. An empty range is a mistake of the caller, whose empty list would look like an
 * answer.
 */
export function readRange(
  violations: FieldViolations,
  { from: [fromField, fromInstant], before: [beforeField, beforeInstant] }: WireRange,
): { readonly from: EpochMilliseconds | undefined; readonly before: EpochMilliseconds | undefined } {
  const from = readRangeBound(violations, fromField, fromInstant);
  const before = readRangeBound(violations, beforeField, beforeInstant);
  const areBothGood = from !== undefined && before !== undefined;
  if (
    areBothGood &&
    fromInstant !== undefined &&
    beforeInstant !== undefined &&
    !isBefore(fromInstant, beforeInstant)
  ) {
    violations.add(beforeField, `is not later than ${fromField}, so that nothing could match`);
  }
  return { from, before };
}
