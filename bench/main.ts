import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Arm } from "./arms/arm.ts";
import { ceilingArms } from "./arms/ceiling.ts";
import { isolationArms } from "./arms/isolation.ts";
import { listingArms } from "./arms/listing.ts";
import { oneTransactionArm } from "./arms/one-transaction.ts";
import { openLoopArms } from "./arms/open-loop.ts";
import { processesArms } from "./arms/processes.ts";
import { rateLimiterArm } from "./arms/rate-limiter.ts";
import { readArms } from "./arms/reads.ts";
import { recordArms } from "./arms/record-usage.ts";
import { Bench } from "./bench.ts";
import { assertMeasurable, claims, type JudgedClaim, judge, quickClaims } from "./claims.ts";
import { exitOnSignal } from "./exit-on-signal.ts";
import { findLostEvents } from "./measure/check-events.ts";
import { describeMachine } from "./measure/machine.ts";
import { parseOptions, type RunOptions, usage } from "./options.ts";
import { type ArmSummary, summarise } from "./report/arm-summary.ts";
import { type Results, resultsPage } from "./report/results-page.ts";
import { svgChart } from "./report/svg-chart.ts";
import { claimsTable, costsTable, ratesTable } from "./report/tables.ts";
import { type RunPlan, runArms } from "./run-arms.ts";
import { runSoak } from "./soak.ts";

/** In the order in which a repeat runs them: what is compared stands close together. */
const allArms: readonly Arm[] = [
  ...readArms,
  ...ceilingArms,
  ...recordArms("even"),
  ...openLoopArms,
  oneTransactionArm("even"),
  oneTransactionArm("even", "pg"),
  rateLimiterArm("even"),
  ...recordArms("hot"),
  oneTransactionArm("hot"),
  oneTransactionArm("hot", "pg"),
  rateLimiterArm("hot"),
  ...recordArms("zipf"),
  ...isolationArms,
  ...processesArms,
  ...listingArms,
];

const chartTitle = "RecordUsage and what it is compared with";

/** A lonely caller and a page of a list are about time, not about rate: their bars would be too short to see. */
function isCharted({ arm }: ArmSummary): boolean {
  return arm.group !== "listing" && (arm.inFlight === undefined || arm.inFlight >= 64);
}

function armsFor({ only, isQuick }: RunOptions): Arm[] {
  return allArms.filter((arm) => (!isQuick || arm.isQuick === true) && (only === undefined || only.has(arm.group)));
}

async function compare(bench: Bench, options: RunOptions): Promise<Results> {
  const arms = armsFor(options);
  const { repeats, seconds, isQuick, listedEvents, flushDelayUs } = options;
  if (isQuick) assertMeasurable(arms, quickClaims);
  const machine = await describeMachine(bench.postgres, options.dataDir);
  const plan: RunPlan = { arms, repeats, seconds, isThorough: !isQuick };
  const run = await runArms(bench, plan);
  return {
    measuredAt: new Date(),
    machine,
    plan,
    tuning: run.tuning,
    claims: (isQuick ? quickClaims : claims).map((claim) => judge(claim, run.repeats)),
    summaries: arms.flatMap((arm) => summarise(arm, run.repeats) ?? []),
    listedEvents,
    flushDelayUs,
    problems: [...run.failures, ...(await findLostEvents(bench))],
  };
}

function print({ claims: judged, summaries, problems }: Results): void {
  console.log(`\n${ratesTable(summaries)}\n\n${costsTable(summaries)}\n\n${claimsTable(judged)}`);
  for (const problem of problems) console.error(`not to be trusted: ${problem}`);
}

/** A part of the arms, or a minute's worth of them, is no result to keep: it goes to the data folder. */
async function write(results: Results, options: RunOptions): Promise<void> {
  const isWhole = !options.isQuick && options.only === undefined;
  const folder = isWhole ? import.meta.dirname : options.dataDir;
  const suffix = options.flushDelayUs === 0 ? "" : `-flush-${options.flushDelayUs}us`;
  const pageFile = `RESULTS${suffix}.md`;
  const chartFile = `results${suffix}.svg`;
  await writeFile(join(folder, chartFile), svgChart(chartTitle, results.summaries.filter(isCharted)));
  await writeFile(join(folder, pageFile), resultsPage(results, chartFile));
  console.log(`\nwritten: ${join(folder, pageFile)}`);
}

/** Only what `--quick` is asked to show decides about success; a full run reports, and leaves the judgement to its reader. */
function hasFailed(judged: readonly JudgedClaim[], { isQuick }: RunOptions): boolean {
  return isQuick && judged.some(({ verdict }) => verdict === "failed" || verdict === "not measured");
}

async function main(): Promise<number> {
  exitOnSignal();
  const options = parseOptions(process.argv.slice(2));
  await mkdir(options.dataDir, { recursive: true });
  const { dataDir, listedEvents, flushDelayUs, soakEvents } = options;
  const bench = await Bench.start({ dataDir, listedEvents, flushDelayUs, log: (line) => console.log(line) });
  try {
    if (soakEvents !== undefined) return (await runSoak(bench, soakEvents)) ? 0 : 1;
    const results = await compare(bench, options);
    print(results);
    await write(results, options);
    return results.problems.length > 0 || hasFailed(results.claims, options) ? 1 : 0;
  } finally {
    await bench.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`\n${usage}`);
  process.exitCode = 1;
}
