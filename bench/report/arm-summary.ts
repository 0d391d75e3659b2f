import type { Arm, RepeatResults } from "../arms/arm.ts";
import type { Measurement } from "../measure/measurement.ts";
import { median, type Spread, spreadOf } from "../statistics.ts";

/** One arm over all repeats. */
export interface ArmSummary {
  readonly arm: Arm;
  readonly perSecond: Spread;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly serverCpuUs: number;
  readonly postgresCpuUs: number;
  readonly generatorCpuShare: number;
  readonly otherCpuShare: number;
  readonly logFlushesPerThousand: number;
  readonly logBytesPerAnswer: number;
  readonly diskBytesPerEvent: number | undefined;
  readonly residentBytes: number;
}

/** Medians, apart from the rate, of which the spread is kept; undefined when no repeat has a figure. */
export function summarise(arm: Arm, repeats: readonly RepeatResults[]): ArmSummary | undefined {
  const measured = repeats.flatMap((results) => results.get(arm.name) ?? []);
  if (measured.length === 0) return undefined;
  const medianOf = (pick: (one: Measurement) => number) => median(measured.map(pick));
  const medianIfAny = (pick: (one: Measurement) => number | undefined) => {
    const values = measured.flatMap((one) => pick(one) ?? []);
    return values.length === 0 ? undefined : median(values);
  };
  return {
    arm,
    perSecond: spreadOf(measured.map((one) => one.perSecond)),
    p50Ms: medianIfAny((one) => one.latency?.p50 ?? one.meanLatencyMs),
    p99Ms: medianIfAny((one) => one.latency?.p99),
    serverCpuUs: medianOf((one) => one.serverCpuUs),
    postgresCpuUs: medianOf((one) => one.postgresCpuUs),
    generatorCpuShare: medianOf((one) => one.generatorCpuShare),
    otherCpuShare: medianOf((one) => one.otherCpuShare),
    logFlushesPerThousand: medianOf((one) => one.logFlushesPerThousand),
    logBytesPerAnswer: medianOf((one) => one.logBytesPerAnswer),
    diskBytesPerEvent: medianIfAny((one) => one.diskBytesPerEvent),
    residentBytes: medianOf((one) => one.residentBytes),
  };
}
