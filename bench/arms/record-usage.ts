import type { Bench } from "../bench.ts";
import type { ServerProcess } from "../environment/server-process.ts";
import { recordUsageRequests, type TenantSpread } from "../environment/tenants.ts";
import { measureLoad, type Timing } from "../measure/measure-load.ts";
import type { Measurement } from "../measure/measurement.ts";
import { type Arm, comparedInFlight } from "./arm.ts";

/** The database of most arms; all of them meet it as large as the others have left it. */
export const usageDatabase = "usage";

export const recordLevels: readonly number[] = [1, 16, 64, comparedInFlight, 2_048];

const spreadTitles: Readonly<Record<TenantSpread, string>> = {
  even: "1,000 tenants",
  zipf: "1,000 tenants by Zipf",
  hot: "one hot counter",
};

export function recordArm(spread: TenantSpread, inFlight: number): string {
  return `RecordUsage, ${spreadTitles[spread]}, ${inFlight} in flight`;
}

export function ungroupedArm(spread: TenantSpread, inFlight: number): string {
  return `group commit off, ${spreadTitles[spread]}, ${inFlight} in flight`;
}

/** Of evenly loaded tenants, at every level. */
export const evenRecordArms: readonly string[] = recordLevels.map((inFlight) => recordArm("even", inFlight));

export async function measureRecordUsage(
  bench: Bench,
  server: ServerProcess,
  spread: TenantSpread,
  inFlight: number,
  timing: Timing,
): Promise<Measurement> {
  return await measureLoad(
    bench,
    {
      servers: [server],
      recordsIn: await bench.database(usageDatabase),
      requests: recordUsageRequests(spread),
      pace: { kind: "closed", inFlight },
    },
    timing,
  );
}

const ungroupedLevels: Readonly<Record<TenantSpread, readonly number[]>> = {
  even: [1, 64, comparedInFlight],
  zipf: [],
  hot: [64],
};

/** With its group commit, and next to it, in the same state of the machine, without. */
export function recordArms(spread: TenantSpread): readonly Arm[] {
  return recordLevels.flatMap((inFlight) => [grouped(spread, inFlight), ...ungroupedBeside(spread, inFlight)]);
}

function grouped(spread: TenantSpread, inFlight: number): Arm {
  return {
    name: recordArm(spread, inFlight),
    group: "record",
    inFlight,
    isQuick: spread !== "zipf" && inFlight !== 16,
    run: async (bench, timing) =>
      await measureRecordUsage(bench, await bench.service(usageDatabase), spread, inFlight, timing),
  };
}

function ungroupedBeside(spread: TenantSpread, inFlight: number): Arm[] {
  if (!ungroupedLevels[spread].includes(inFlight)) return [];
  return [
    {
      name: ungroupedArm(spread, inFlight),
      group: "ungrouped",
      inFlight,
      isQuick: inFlight <= 64,
      run: async (bench, timing) => {
        const { serviceUrl } = await bench.database(usageDatabase);
        const server = await bench.server("ungrouped", { DATABASE_URL: serviceUrl });
        return await measureRecordUsage(bench, server, spread, inFlight, timing);
      },
    },
  ];
}
