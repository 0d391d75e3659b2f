import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { recordUsageRequests } from "./environment/tenants.ts";
import { findLostEvents } from "./measure/check-events.ts";
import { measureLoad } from "./measure/measure-load.ts";
import { markdownTable } from "./report/markdown-table.ts";
import { mebibytes, percent, short } from "./report/numbers.ts";
import { median } from "./statistics.ts";

const databaseName = "soak";
const inFlight = 256;
const stepTiming = { warmUpMs: 0, measureMs: 10_000 };

/** By how much memory may differ between the second and the last quarter: the collector's timing moves it this far. */
const growthMax = 0.1;

const stepsMin = 12;

/** Rows of the printed table. */
const rowsMax = 40;

interface Step {
  readonly seconds: number;
  readonly events: number;
  readonly perSecond: number;
  readonly residentBytes: number;
}

/**
 * Records so many events and watches the memory of the server.
 *
 * @returns whether it did not grow, and every event is there
 */
export async function runSoak(bench: Bench, eventCount: number): Promise<boolean> {
  const recordsIn = await bench.database(databaseName);
  const service = await bench.service(databaseName);
  const begunAt = performance.now();
  const steps: Step[] = [];
  let events = 0;
  while (events < eventCount) {
    const { perSecond, residentBytes } = await measureLoad(
      bench,
      { servers: [service], recordsIn, requests: recordUsageRequests("even"), pace: { kind: "closed", inFlight } },
      stepTiming,
    );
    events = bench.acknowledged.get(recordsIn) ?? 0;
    steps.push({ seconds: (performance.now() - begunAt) / 1_000, events, perSecond, residentBytes });
    bench.options.log(`${events.toLocaleString("en")} events, ${short(perSecond)}/s, ${mebibytes(residentBytes)}`);
  }
  const problems = await findLostEvents(bench);
  const growth = growthOf(steps);
  const page = soakPage(steps, growth, problems);
  await writeFile(join(import.meta.dirname, "SOAK.md"), page);
  bench.options.log(`\n${page}`);
  return (growth === undefined || growth <= growthMax) && problems.length === 0;
}

/** From the second quarter, when caches are full, to the last; undefined when there are too few steps to tell. */
function growthOf(steps: readonly Step[]): number | undefined {
  if (steps.length < stepsMin) return undefined;
  const quarter = Math.floor(steps.length / 4);
  const early = median(steps.slice(quarter, quarter * 2).map((step) => step.residentBytes));
  const late = median(steps.slice(-quarter).map((step) => step.residentBytes));
  return late / early - 1;
}

function soakPage(steps: readonly Step[], growth: number | undefined, problems: readonly string[]): string {
  const every = Math.ceil(steps.length / rowsMax);
  const shown = steps.filter((_, index) => index % every === 0 || index === steps.length - 1);
  const rows = shown.map((step) => [
    Math.round(step.seconds).toLocaleString("en"),
    step.events.toLocaleString("en"),
    short(step.perSecond),
    mebibytes(step.residentBytes),
  ]);
  const lost = problems.length === 0 ? "Every acknowledged event is in the database." : problems.join("; ");
  return `# Memory of the server under steady load

RecordUsage, 1,000 tenants, ${inFlight} in flight, by \`npm run bench -- --soak\`. ${verdictOn(growth)} ${lost}

${markdownTable(["seconds", "events", "per second", "resident memory"], rows)}
`;
}

function verdictOn(growth: number | undefined): string {
  if (growth === undefined) return "The run was too short to tell whether memory grows.";
  const change = `From the second to the last quarter the resident memory changed by ${percent(growth)}`;
  return `${change}: ${growth <= growthMax ? "it does not grow" : "**it grows**"}.`;
}
