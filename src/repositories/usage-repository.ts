import type { CounterKey, CounterLineKey } from "../domain/counter-key.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import type { LimitBasis } from "../domain/limit-basis.ts";
import type { UsageRecord } from "../domain/usage-record.ts";

/** Counters, read without a lock: what is answered is what had been committed, never less than was acknowledged. */
export interface UsageRepository {
  /**
   * The open record of the line, by the storage's clock but not before the line's last event (R9); undefined when nothing was used in the period open now.
   */
  getCurrentPeriod(key: CounterLineKey): Promise<UsageRecord | undefined>;

  /**
   * Records of one tenant and metric, newest period first; kinds of equal start in the order of their names.
   *
   * @param limit how many at most; 100 when left out
   */
  listByTenantAndMetric(key: CounterKey, limit?: number): Promise<UsageRecord[]>;

  /** Limits and counters of several questions in one snapshot, with the clock read in it. */
  readSnapshot(questions: readonly SnapshotQuestion[]): Promise<UsageSnapshot>;
}

export interface SnapshotQuestion {
  readonly tenantId: string;
  /** Absent: every metric of the tenant's plan. */
  readonly metricCode?: string;
  readonly planCode?: string;
}

export interface UsageSnapshot {
  readonly now: EpochMilliseconds;
  readonly limits: LimitBasis;
  /**
   * The latest record of every line that a limit in `limits` may count in, which is open, or where the next one continues;
   * and the records of the same metrics in other kinds that have not ended, for their clock (R9).
   */
  readonly latestRecords: readonly UsageRecord[];
}
