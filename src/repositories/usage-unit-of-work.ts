import type { CounterKey, CounterLineKey } from "../domain/counter-key.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import type { LimitBasis } from "../domain/limit-basis.ts";
import type { UsageEvent } from "../domain/usage-event.ts";
import type { UsageRecord } from "../domain/usage-record.ts";
import type { UsageRefusal } from "../domain/usage-refusal.ts";

/**
 * The transaction in which usage is decided and written, for a batch of several tenants.
 *
 * Guarantees: all of it or nothing is stored, and durably before `run` resolves; work on one counter never overlaps with
 * other work on it, in any process; rows of tenants that are not named cannot be read or written. Does not guarantee that
 * the work runs without interference: a lost race throws ConcurrentChangeError, from any step, and the caller runs the whole
 * work again.
 */
export interface UsageUnitOfWork {
  /**
   * @param tenantIds every tenant that the work touches
   * @param work must not run another unit of work: it would wait for the locks of this one
   * @throws ConcurrentChangeError nothing was written, may be run again at once
   * @throws StorageBusyError nothing was written: others held records of the work's counters for too long
   * @throws StorageUnavailableError nothing was written
   * @throws CommitOutcomeUnknownError it was or was not written, and cannot be found out
   */
  run<T>(tenantIds: readonly string[], work: (ledger: UsageLedger) => Promise<T>): Promise<T>;

  /**
   * Those of the counters whose records other transactions hold at this moment, found without waiting for them.
   * Keys and records of transactions that have not ended cannot be seen.
   *
   * @throws StorageBusyError somebody holds a whole table, or wants to
   * @throws StorageUnavailableError
   */
  findBlocked(keys: readonly CounterKey[]): Promise<readonly CounterKey[]>;
}

/**
 * The steps of one such transaction, in the order in which they must be called. They also run in that order, so a step may be
 * called before the one before it has answered, as long as it does not need the answer.
 */
export interface UsageLedger {
  /**
   * Locks the records of these counters whose period has not ended, of every kind, in one order for all callers, and reads
   * the clock once the locks are held (R9).
   *
   * @param keys each counter once
   */
  lockOpenRecords(keys: readonly CounterKey[]): Promise<LockedRecords>;

  /** Reads limits and remembered keys, as committed after the locks were taken. */
  readDecisionBasis(question: DecisionQuestion): Promise<DecisionBasis>;

  /**
   * For lines without an open record: where the next record has to continue. Waits for other transactions that still write to
   * the counters' ended records, so that whatever comes in a new record also comes after theirs.
   */
  readPredecessors(keys: readonly CounterLineKey[], now: EpochMilliseconds): Promise<Predecessor[]>;

  /**
   * Hands over the outcome. Called once, last. When a new record or an idempotency key exists already, `run` throws
   * ConcurrentChangeError, be it from here or from the commit that follows.
   */
  write(changes: UsageChanges): Promise<void>;
}

export interface LockedRecords {
  readonly now: EpochMilliseconds;
  readonly records: readonly UsageRecord[];
}

export interface DecisionQuestion {
  readonly tenantIds: readonly string[];
  readonly counters: readonly CounterKey[];
  /** Plans named in calls. */
  readonly planCodes: readonly string[];
  readonly idempotencyKeys: readonly { readonly tenantId: string; readonly idempotencyKey: string }[];
}

export interface DecisionBasis {
  readonly limits: LimitBasis;
  /** The events that the asked idempotency keys stand for. */
  readonly keyedEvents: readonly UsageEvent[];
}

export interface Predecessor extends CounterLineKey {
  /** The end of the line's latest record, absent when the line has none. */
  readonly previousEnd?: EpochMilliseconds;
  /** The largest ordinal among all records of the counter, 0 without any. */
  readonly lastOrdinal: bigint;
  /** How many records of the counter, of any kind, have not ended. */
  readonly openRecords: number;
}

export interface UsageChanges {
  readonly newRecords: readonly UsageRecord[];
  readonly changedRecords: readonly UsageRecord[];
  readonly events: readonly UsageEvent[];
  /** At most one for each tenant, metric and hour; their counts are added to what is stored. */
  readonly refusals: readonly UsageRefusal[];
}
