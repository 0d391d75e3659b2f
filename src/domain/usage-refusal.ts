import { hourMs } from "./calendar-unit.ts";
import type { EpochMilliseconds } from "./instant.ts";

/** Refusals of one tenant and metric within one UTC hour: how many, and the numbers of the last (R2). */
export interface UsageRefusal {
  readonly tenantId: string;
  readonly metricCode: string;
  /** The start of the UTC hour. */
  readonly hour: EpochMilliseconds;
  readonly count: bigint;
  readonly lastLimit: bigint;
  readonly lastCurrent: bigint;
  readonly lastAmount: bigint;
  readonly lastRefusedAt: EpochMilliseconds;
}

export function refusalHour(instant: EpochMilliseconds): EpochMilliseconds {
  return Math.floor(instant / hourMs) * hourMs;
}
