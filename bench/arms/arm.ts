import type { Bench } from "../bench.ts";
import type { Timing } from "../measure/measure-load.ts";
import type { Measurement } from "../measure/measurement.ts";

/** What `--only` chooses by. */
export const armGroups = [
  "ceiling",
  "record",
  "ungrouped",
  "transaction",
  "limiter",
  "reads",
  "listing",
  "isolation",
  "processes",
  "open-loop",
] as const;

export type ArmGroup = (typeof armGroups)[number];

/** What one repeat has measured so far, by the arm's name. */
export type RepeatResults = ReadonlyMap<string, Measurement>;

/** One thing that is measured, once in every repeat. */
export interface Arm {
  readonly name: string;
  readonly group: ArmGroup;
  /** How many calls are under way at once; absent when their number is not what is set. */
  readonly inFlight?: number;
  /** Whether its calls come from a tool that may well be the bottleneck, so that nothing is compared with it. */
  readonly hasCostlyGenerator?: boolean;
  /** Whether it is part of `--quick`. */
  readonly isQuick?: boolean;
  /** Finds the settings with which a competitor is at its best, before the first repeat. */
  tune?(bench: Bench): Promise<string>;
  run(bench: Bench, timing: Timing, before: RepeatResults): Promise<Measurement>;
}

/** At which most arms are compared. */
export const comparedInFlight = 256;
