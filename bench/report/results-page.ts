import type { JudgedClaim } from "../claims.ts";
import type { Machine } from "../measure/machine.ts";
import type { RunPlan, Tuning } from "../run-arms.ts";
import type { ArmSummary } from "./arm-summary.ts";
import { markdownTable } from "./markdown-table.ts";
import { mebibytes, percent, short } from "./numbers.ts";
import { claimsTable, costsTable, ratesTable } from "./tables.ts";

export interface Results {
  readonly measuredAt: Date;
  readonly machine: Machine;
  readonly plan: RunPlan;
  readonly tuning: Tuning;
  readonly claims: readonly JudgedClaim[];
  readonly summaries: readonly ArmSummary[];
  readonly listedEvents: number;
  readonly flushDelayUs: number;
  /** What did not add up; empty in a run that is worth reading. */
  readonly problems: readonly string[];
}

/** The generator is no bottleneck as long as it leaves so much of its core unused. */
export const generatorShareMax = 0.7;

/** Of one core. Above it somebody else was at work, or the hypervisor took time away. */
export const otherShareMax = 0.1;

export function resultsPage(results: Results, chartFile: string): string {
  const { plan, claims, summaries } = results;
  return `# Benchmark results

Measured on ${results.measuredAt.toISOString().slice(0, 16).replace("T", " ")} UTC by \`npm run bench\`, ${plan.repeats} repeats of
${plan.seconds} s for each arm in turn. Ratios are formed within each repeat; what stands here is their median. How it is measured, and what
the arms are: [README.md](README.md).
${results.flushDelayUs === 0 ? "" : flushDelayNote(results.flushDelayUs)}
## What it must show

${claimsTable(claims)}

## Throughput and latency

![Answers per second of every arm](${chartFile})

${ratesTable(summaries)}

Latency is from the caller's side; in the open loop it counts from the instant at which the call was to be sent. pgbench tells the mean,
which stands under p50. The long list has ${results.listedEvents.toLocaleString("en")} events.

## Costs of one answer

${costsTable(summaries)}

CPU is user and system time of the server process or processes, and of all PostgreSQL processes, by answer. Flushes are those of the
write-ahead log; disk is the growth of the events' table with its indexes. The last two columns are shares of one core: of the load
generator (or pgbench), and of everything that was no part of the measurement, the hypervisor included. How the server's memory behaves
over millions of events: [SOAK.md](SOAK.md), by \`npm run bench -- --soak 10000000\`.

${reliability(summaries)}

${tuningList(results.tuning)}

## Machine and versions

${machineTable(results.machine)}
${results.problems.length === 0 ? "" : `\n## Not to be trusted\n\n${results.problems.map((problem) => `- ${problem}`).join("\n")}\n`}`;
}

function flushDelayNote(flushDelayUs: number): string {
  return `
**Every flush of the write-ahead log was delayed by ${flushDelayUs} µs** (\`--flush-delay\`, by PostgreSQL's \`commit_delay\`), for all arms alike,
to show what holds on a slower disk than this machine's.
`;
}

function reliability(summaries: readonly ArmSummary[]): string {
  // pgbench is a part of its arm, and as cheap as the database allows.
  const generated = summaries.filter(({ arm }) => arm.group !== "transaction" && arm.hasCostlyGenerator !== true);
  const generator = highest(generated, (summary) => summary.generatorCpuShare);
  const other = highest(summaries, (summary) => summary.otherCpuShare);
  const generatorVerdict =
    generator.share <= generatorShareMax ? "it was never the bottleneck" : "**it may have been the bottleneck there**";
  const otherVerdict = other.share <= otherShareMax ? "the machine was quiet" : "**the machine was not quiet**";
  return [
    `The load generator used at most ${percent(generator.share)} of a core (${generator.name}): ${generatorVerdict}. (Calls`,
    "through `grpc-js` show what a client library would have cost instead; nothing is compared with them.)",
    `Everything else used at most ${percent(other.share)} of a core (${other.name}): ${otherVerdict}.`,
  ].join("\n");
}

function highest(summaries: readonly ArmSummary[], shareOf: (summary: ArmSummary) => number) {
  return summaries
    .map((summary) => ({ name: summary.arm.name, share: shareOf(summary) }))
    .reduce((a, b) => (b.share > a.share ? b : a), { name: "none", share: 0 });
}

function tuningList(tuning: Tuning): string {
  if (tuning.size === 0) return "Competitors ran with settings that were not tuned.";
  const found = [...tuning].map(([arm, settings]) => `- ${arm}: ${settings}`);
  return `Competitors ran with the settings that did best:\n\n${found.join("\n")}`;
}

function machineTable(machine: Machine): string {
  return markdownTable(
    ["what", "value"],
    [
      ["CPU", `${machine.cpu}, ${machine.cores} cores`],
      ["memory", mebibytes(machine.memoryBytes)],
      ["kernel", machine.kernel],
      ["load average before", short(machine.loadAverage)],
      ["disk flush of 8 KiB", `median ${short(machine.diskFlush.median)} ms, p90 ${short(machine.diskFlush.p90)} ms`],
      ["Node.js", machine.node],
      ["PostgreSQL", `${machine.postgres} (embedded)`],
      ["@grpc/grpc-js", machine.grpcJs],
      ["service", machine.service],
      ...Object.entries(machine.settings),
    ],
  );
}
