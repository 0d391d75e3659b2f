import { mkdir, mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bench } from "./bench.ts";
import { listedTenant, provideListingDatabase } from "./environment/listing-data.ts";
import type { ServerProcess } from "./environment/server-process.ts";
import { startBenchServer, startService } from "./environment/service-process.ts";
import {
  checkQuotaRequests,
  getStatusRequests,
  listEventsRequests,
  type Requests,
  recordUsageRequests,
} from "./environment/tenants.ts";
import { exitOnSignal } from "./exit-on-signal.ts";
import { CostMeter } from "./measure/cost-meter.ts";
import { codeGroup } from "./profile/code-group.ts";
import { type CpuProfile, type ProfileWindow, type SelfTime, selfTimes } from "./profile/cpu-profile.ts";
import { type ProfiledWorkload, type ProfileOptions, parseProfileOptions, usage } from "./profile/profile-options.ts";
import { markdownTable } from "./report/markdown-table.ts";
import { percent, short } from "./report/numbers.ts";

/** Runs the service under load with V8's profiler and prints where its time goes, for each answer. */

const warmUpMs = 3_000;
const listedEvents = 10_000;

interface Profiled {
  readonly server: ServerProcess;
  readonly requests: Requests;
}

async function startProfiled(bench: Bench, workload: ProfiledWorkload, folder: string): Promise<Profiled> {
  const nodeOptions = ["--cpu-prof", `--cpu-prof-dir=${folder}`];
  if (workload === "no-op") {
    return { server: await startBenchServer("no-op", {}, nodeOptions), requests: recordUsageRequests("even") };
  }
  if (workload === "list") {
    const database = await provideListingDatabase(bench.postgres, listedEvents, bench.options.log);
    const requests = listEventsRequests({ tenantId: listedTenant, pageTokens: [""] });
    return { server: await startService(database, nodeOptions), requests };
  }
  const server = await startService(await bench.database("profile"), nodeOptions);
  if (workload === "check") return { server, requests: checkQuotaRequests("even") };
  if (workload === "status") return { server, requests: getStatusRequests("even") };
  return { server, requests: recordUsageRequests(workload) };
}

interface Shown {
  readonly times: readonly SelfTime[];
  readonly answers: number;
}

async function profile(bench: Bench, options: ProfileOptions): Promise<Shown> {
  const folder = await mkdtemp(join(tmpdir(), "quota-profile-"));
  const { server, requests } = await startProfiled(bench, options.workload, folder);
  const meter = new CostMeter(bench, [server.processId]);
  const result = await bench.generator.run(
    {
      addresses: [server.address],
      ...requests,
      client: "frames",
      pace: { kind: "closed", inFlight: options.inFlight },
      warmUpMs,
      measureMs: options.seconds * 1_000,
    },
    meter,
  );
  if (result.failed > 0) throw new Error(`${result.failed} calls failed`);
  const costs = await meter.costs();
  // The profile is written when the process ends by itself.
  await server.stop();
  const perAnswer = (milliseconds: number) => short((milliseconds * 1_000) / result.answered);
  console.log(`${short(result.answered / result.seconds)} answers/s, p50 ${short(result.latency.p50)} ms; one answer costs \
${perAnswer(costs.serverMs)} µs of the server's CPU and ${perAnswer(costs.postgresMs)} µs of PostgreSQL's`);
  const [file = ""] = await readdir(folder);
  console.log(`profile, for a DevTools or Speedscope: ${join(folder, file)}\n`);
  const recorded = JSON.parse(await readFile(join(folder, file), "utf8")) as CpuProfile;
  return { times: selfTimes(recorded, windowOf(meter)), answers: result.answered };
}

function windowOf(meter: CostMeter): ProfileWindow {
  // performance.now() counts from the start of this process, the profile from the start of the machine.
  const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  const { from, to } = meter.window;
  return { fromUs: (from + offsetMs) * 1_000, toUs: (to + offsetMs) * 1_000 };
}

function show({ times, answers }: Shown, top: number): void {
  const busy = times.filter(({ functionName }) => functionName !== "(idle)");
  const busyUs = busy.reduce((sum, time) => sum + time.microseconds, 0);
  const totalUs = times.reduce((sum, time) => sum + time.microseconds, 0);
  const row = (name: string, microseconds: number) => [
    name,
    short(microseconds / answers),
    percent(microseconds / busyUs),
  ];
  const groups = new Map<string, number>();
  for (const { functionName, url, microseconds } of busy) {
    const group = codeGroup(functionName, url);
    groups.set(group, (groups.get(group) ?? 0) + microseconds);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b - a);
  const header = ["µs per answer", "share"];
  const idle = `The server's thread was idle for ${percent(1 - busyUs / totalUs)} of the time; shares are of the rest.`;
  console.log(`${idle} Samples are taken by the clock: on a busy machine, waiting for a core counts as running.\n`);
  console.log(
    markdownTable(
      ["group", ...header],
      sorted.map(([name, microseconds]) => row(name, microseconds)),
    ),
  );
  const functions = busy.slice(0, top).map((time) => row(placeOf(time), time.microseconds));
  console.log(`\n${markdownTable(["function (self time)", ...header], functions)}`);
}

function placeOf({ functionName, url, line }: SelfTime): string {
  const file = url.replace(/^.*\/node_modules\//, "").replace(/^file:.*\/(src|gen|bench)\//, "$1/");
  return `${functionName === "" ? "(anonymous)" : functionName} ${file === "" ? "" : `${file}:${line}`}`.trim();
}

async function main(): Promise<void> {
  exitOnSignal();
  const options = parseProfileOptions(process.argv.slice(2));
  await mkdir(options.dataDir, { recursive: true });
  const bench = await Bench.start({
    dataDir: options.dataDir,
    listedEvents,
    flushDelayUs: 0,
    log: (line) => console.log(line),
  });
  try {
    show(await profile(bench, options), options.top);
  } finally {
    await bench.stop();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`\n${usage}`);
  process.exitCode = 1;
}
