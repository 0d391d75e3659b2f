import { recordUsageRequests } from "../environment/tenants.ts";
import { measureLoad } from "../measure/measure-load.ts";
import { type Arm, comparedInFlight, type RepeatResults } from "./arm.ts";
import { evenRecordArms, measureRecordUsage, usageDatabase } from "./record-usage.ts";

export const openLoopArm = "RecordUsage, open loop at 70 % of the peak";

const shareOfPeak = 0.7;

/** Percentiles of a queue need more calls than a rate does. */
const timeFactor = 2;

/** The most that evenly loaded tenants got in this repeat, at whichever level. */
export function peakOf(results: RepeatResults): number | undefined {
  const rates = evenRecordArms.flatMap((name) => results.get(name)?.perSecond ?? []);
  return rates.length === 0 ? undefined : Math.max(...rates);
}

export const openLoopArms: readonly Arm[] = [
  {
    name: openLoopArm,
    group: "open-loop",
    isQuick: true,
    run: async (bench, timing, before) => {
      const service = await bench.service(usageDatabase);
      // Without the other arms, under `--only`, the peak has to be found first.
      const peak =
        peakOf(before) ?? (await measureRecordUsage(bench, service, "even", comparedInFlight, timing)).perSecond;
      return await measureLoad(
        bench,
        {
          servers: [service],
          recordsIn: await bench.database(usageDatabase),
          requests: recordUsageRequests("even"),
          pace: { kind: "open", perSecond: peak * shareOfPeak },
        },
        { ...timing, measureMs: timing.measureMs * timeFactor },
      );
    },
  },
];
