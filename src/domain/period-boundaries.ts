import type { EpochMilliseconds } from "./instant.ts";
import type { Period } from "./period.ts";
import type { PeriodKind } from "./period-kind.ts";

/** The instants at which one schedule's counters start anew, numbered in both directions from boundary 0. */
export interface PeriodBoundaries {
  /**
   * Boundary `index`, never before boundary `index - 1`. Two may coincide: a local day that was skipped begins when the
   * next one does.
   */
  at(index: number): EpochMilliseconds;
  /** An index whose boundary is close to the instant. Only speed depends on how close. */
  near(instant: EpochMilliseconds): number;
}

/**
 * The period between the last boundary at or before the instant and the first one after it.
 *
 * The index is corrected by comparing instants, never deduced from the local date: where clocks go back across
 * midnight (America/St_Johns until 2011, 00:01 → 23:01) an instant whose clock shows Saturday lies in the Sunday that
 * began before it. The comparison also merges boundaries that coincide, so that no period is empty.
 */
export function periodAround(kind: PeriodKind, boundaries: PeriodBoundaries, instant: EpochMilliseconds): Period {
  let index = boundaries.near(instant);
  let start = boundaries.at(index);
  let end = boundaries.at(index + 1);
  while (end <= instant) {
    index += 1;
    start = end;
    end = boundaries.at(index + 1);
  }
  while (start > instant) {
    index -= 1;
    end = start;
    start = boundaries.at(index);
  }
  return { kind, start, end };
}
