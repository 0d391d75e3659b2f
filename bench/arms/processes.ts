import { recordUsageRequests } from "../environment/tenants.ts";
import { measureLoad } from "../measure/measure-load.ts";
import { type Arm, comparedInFlight } from "./arm.ts";
import { usageDatabase } from "./record-usage.ts";

export function twoProcessesArm(spread: "even" | "hot"): string {
  return `RecordUsage, two server processes, ${spread === "even" ? "1,000 tenants" : "one hot counter"}`;
}

/** Two services on one PostgreSQL, half of the connections each. */
export const processesArms: readonly Arm[] = (["even", "hot"] as const).map((spread) => ({
  name: twoProcessesArm(spread),
  group: "processes",
  inFlight: comparedInFlight,
  isQuick: spread === "hot",
  run: async (bench, timing) =>
    await measureLoad(
      bench,
      {
        servers: [await bench.service(usageDatabase), await bench.service(usageDatabase, 2)],
        recordsIn: await bench.database(usageDatabase),
        requests: recordUsageRequests(spread),
        pace: { kind: "closed", inFlight: comparedInFlight },
      },
      timing,
    ),
}));
