import { recordUsageRequests } from "../environment/tenants.ts";
import { measureLoad } from "../measure/measure-load.ts";
import { type Arm, comparedInFlight, type RepeatResults } from "./arm.ts";
import { evenRecordArms, measureRecordUsage, recordArm, recordLevels, usageDatabase } from "./record-usage.ts";

export const openLoopArm = "RecordUsage, open loop at 70 % of the peak";

const shareOfPeak = 0.7;

/** Percentiles of a queue need more calls than a rate does. */
const timeFactor = 2;

/** The most that evenly loaded tenants got in this repeat, at whichever level. */
export function peakOf(results: RepeatResults): number | undefined {
  const rates = evenRecordArms.flatMap((name) => results.get(name)?.perSecond ?? []);
  return rates.length === 0 ? undefined : Math.max(...rates);
}

/** At which level the peak was; at that of the other comparisons when none was measured, as under `--only`. */
function levelOfPeak(results: RepeatResults): number {
  const peak = peakOf(results);
  const rateAt = (inFlight: number) => results.get(recordArm("even", inFlight))?.perSecond;
  return recordLevels.find((inFlight) => peak !== undefined && rateAt(inFlight) === peak) ?? comparedInFlight;
}

export const openLoopArms: readonly Arm[] = [
  {
    name: openLoopArm,
    group: "open-loop",
    isQuick: true,
    run: async (bench, timing, before) => {
      const service = await bench.service(usageDatabase);
      // Once more, and now: a machine whose speed has changed since would be asked for another share of its peak.
      const peak = await measureRecordUsage(bench, service, "even", levelOfPeak(before), timing);
      return await measureLoad(
        bench,
        {
          servers: [service],
          recordsIn: await bench.database(usageDatabase),
          requests: recordUsageRequests("even"),
          pace: { kind: "open", perSecond: peak.perSecond * shareOfPeak },
        },
        { ...timing, measureMs: timing.measureMs * timeFactor },
      );
    },
  },
];
