import type { EpochMilliseconds } from "./instant.ts";
import type { PeriodKind } from "./period-kind.ts";

/** The counter of one tenant and metric in one period (R7). */
export interface UsageRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly metricCode: string;
  readonly periodKind: PeriodKind;
  /** `[periodStart, periodEnd)`, fixed when the record is created (R11). */
  readonly periodStart: EpochMilliseconds;
  readonly periodEnd: EpochMilliseconds;
  /**
   * Creation number among the tenant's records of this metric, from 1. It is unique, so that two transactions that
   * both found no open record cannot both create one, whatever kind, zone or anchor each of them saw.
   */
  readonly ordinal: bigint;
  /** The sum of the record's events; 0 … 2^53 - 1. */
  readonly currentUsage: bigint;
  /** The number of the record's events, which is the last one's sequence. */
  readonly lastSequence: bigint;
  readonly lastEventId: string;
  readonly lastEventAt: EpochMilliseconds;
  readonly createdAt: EpochMilliseconds;
}

export function isOpenAt(record: UsageRecord, instant: EpochMilliseconds): boolean {
  return record.periodStart <= instant && instant < record.periodEnd;
}
