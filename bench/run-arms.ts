import type { Arm, RepeatResults } from "./arms/arm.ts";
import type { Bench } from "./bench.ts";
import type { Timing } from "./measure/measure-load.ts";
import type { Measurement } from "./measure/measurement.ts";

/** What was found about a competitor's best settings, by the arm's name. */
export type Tuning = ReadonlyMap<string, string>;

export interface ArmsRun {
  readonly repeats: readonly RepeatResults[];
  readonly tuning: Tuning;
  /** Arms that failed in a repeat, and why; a run in which any did is not whole. */
  readonly failures: readonly string[];
}

export interface RunPlan {
  readonly arms: readonly Arm[];
  readonly repeats: number;
  readonly seconds: number;
  /** Whether servers are thoroughly warmed up, and competitors' best settings found; else a fair guess has to do. */
  readonly isThorough: boolean;
}

/** For servers that have just started: compiled code, filled pools, warm caches. */
const firstRound: Timing = { warmUpMs: 500, measureMs: 1_000 };
const quickFirstRound: Timing = { warmUpMs: 0, measureMs: 500 };
const warmUpMs = 1_000;

/**
 * Runs every arm once without counting it, which warms the servers up and finds what fails early; then all of them in turn,
 * so often: A B C … A B C …, so that a slow minute of the machine meets all of them.
 */
export async function runArms(bench: Bench, plan: RunPlan): Promise<ArmsRun> {
  const { arms, seconds } = plan;
  const { log } = bench.options;
  const tuning = new Map<string, string>();
  log("starting servers, and a first round that does not count");
  await runRound(bench, arms, plan.isThorough ? firstRound : quickFirstRound, (arm, outcome) => {
    if (outcome instanceof Error) throw new Error(`${arm.name}: ${outcome.message}`, { cause: outcome });
  });
  for (const arm of plan.isThorough ? arms : []) {
    if (arm.tune === undefined) continue;
    const found = await arm.tune(bench);
    tuning.set(arm.name, found);
    log(`${arm.name} is at its best with ${found}`);
  }
  const timing = { warmUpMs: Math.min(warmUpMs, seconds * 1_000), measureMs: seconds * 1_000 };
  const repeats: RepeatResults[] = [];
  const failures: string[] = [];
  for (let repeat = 1; repeat <= plan.repeats; repeat += 1) {
    log(`repeat ${repeat} of ${plan.repeats}`);
    const results = await runRound(bench, arms, timing, (arm, outcome) => {
      if (outcome instanceof Error) failures.push(`repeat ${repeat}, ${arm.name}: ${outcome.message}`);
      log(`  ${arm.name.padEnd(64)} ${outcome instanceof Error ? outcome.message : rateText(outcome)}`);
    });
    repeats.push(results);
  }
  return { repeats, tuning, failures };
}

function rateText({ perSecond }: Measurement): string {
  return `${Math.round(perSecond).toLocaleString("en").padStart(8)}/s`;
}

/** One arm's failure does not cost the others their figures. */
async function runRound(
  bench: Bench,
  arms: readonly Arm[],
  timing: Timing,
  onEnd: (arm: Arm, outcome: Measurement | Error) => void,
): Promise<RepeatResults> {
  const results = new Map<string, Measurement>();
  for (const arm of arms) {
    const outcome = await arm.run(bench, timing, results).catch(asError);
    if (!(outcome instanceof Error)) results.set(arm.name, outcome);
    onEnd(arm, outcome);
  }
  return results;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
