import type { CounterKey } from "../domain/counter-key.ts";
import type { EffectiveLimit } from "../domain/effective-limit.ts";
import { eventIdAfter, eventIdInstant, type RandomBits } from "../domain/event-id.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import { openPeriod, type PeriodLookup } from "../domain/period-calendar.ts";
import type { PeriodKind } from "../domain/period-kind.ts";
import type { UsageAttempt } from "../domain/usage-attempt.ts";
import { admit } from "../domain/usage-counter.ts";
import type { UsageEvent } from "../domain/usage-event.ts";
import { isOpenAt, type UsageRecord } from "../domain/usage-record.ts";
import { ConcurrentChangeError } from "../repositories/storage-errors.ts";
import type { Predecessor } from "../repositories/usage-unit-of-work.ts";

interface RecordLine {
  record: UsageRecord;
  readonly isNew: boolean;
  isChanged: boolean;
}

/** All records of one tenant and metric as one batch sees and changes them. */
export class CounterView {
  readonly #now: EpochMilliseconds;
  readonly #periodAt: PeriodLookup;
  readonly #lines: RecordLine[] = [];
  readonly #previousEnds = new Map<PeriodKind, EpochMilliseconds>();
  #time: EpochMilliseconds;
  #lastEventId: string | undefined;
  #lastOrdinal: bigint | undefined;

  constructor(now: EpochMilliseconds, periodAt: PeriodLookup) {
    this.#now = now;
    this.#periodAt = periodAt;
    this.#time = now;
  }

  /** The clock of decisions on this counter, never below its last event (R9). */
  get time(): EpochMilliseconds {
    return this.#time;
  }

  addLocked(record: UsageRecord): void {
    this.#lines.push({ record, isNew: false, isChanged: false });
    this.#time = Math.max(this.#time, record.lastEventAt);
    if (this.#lastEventId === undefined || record.lastEventId > this.#lastEventId) {
      this.#lastEventId = record.lastEventId;
    }
  }

  /** @throws ConcurrentChangeError when a record has been created since the locks were taken */
  addPredecessor(predecessor: Predecessor): void {
    const lockedAndOpen = this.#lines.filter((line) => !line.isNew && line.record.periodEnd > this.#now).length;
    if (predecessor.openRecords !== lockedAndOpen) {
      throw new ConcurrentChangeError(`a record of ${predecessor.metricCode} was created since the counter was locked`);
    }
    this.#lastOrdinal = predecessor.lastOrdinal;
    if (predecessor.previousEnd !== undefined) this.#previousEnds.set(predecessor.periodKind, predecessor.previousEnd);
  }

  hasOpenRecord(periodKind: PeriodKind): boolean {
    return this.#openLine(periodKind) !== undefined;
  }

  /**
   * Admits the attempt, counts it and makes its event.
   *
   * @throws QuotaExceededError, CounterOverflowError; the view is unchanged then
   */
  record(attempt: UsageAttempt, limit: EffectiveLimit, random: RandomBits): UsageEvent {
    const open = this.#openLine(limit.periodKind);
    const state = open?.record ?? this.#stateOfNextPeriod(limit);
    const usageAfter = admit(state, limit, attempt, this.#time);
    const id = eventIdAfter(this.#lastEventId, this.#time, random);
    this.#lastEventId = id;
    const line = open ?? this.#createLine(attempt, limit, state, random);
    const event = eventOf(attempt, limit, line.record, { id, usageAfter });
    line.record = {
      ...line.record,
      currentUsage: usageAfter,
      lastSequence: event.sequence,
      lastEventId: id,
      lastEventAt: event.createdAt,
    };
    line.isChanged = true;
    return event;
  }

  changedLines(): readonly { readonly record: UsageRecord; readonly isNew: boolean }[] {
    return this.#lines.filter((line) => line.isChanged);
  }

  #openLine(periodKind: PeriodKind): RecordLine | undefined {
    return this.#lines.find((line) => line.record.periodKind === periodKind && isOpenAt(line.record, this.#time));
  }

  /** R11: the first period after a stored one begins where that ended. */
  #stateOfNextPeriod(limit: EffectiveLimit) {
    const previousEnd = this.#previousEnds.get(limit.periodKind);
    const period = openPeriod(limit.periodKind, this.#time, limit.schedule, previousEnd, this.#periodAt);
    return { currentUsage: 0n, periodStart: period.start, periodEnd: period.end };
  }

  #createLine(
    key: CounterKey,
    limit: EffectiveLimit,
    period: { readonly periodStart: EpochMilliseconds; readonly periodEnd: EpochMilliseconds },
    random: RandomBits,
  ): RecordLine {
    if (this.#lastOrdinal === undefined)
      throw new Error("a record is created without its predecessor having been read");
    this.#lastOrdinal += 1n;
    const id = eventIdAfter(undefined, this.#time, random);
    const record: UsageRecord = {
      id,
      tenantId: key.tenantId,
      metricCode: key.metricCode,
      periodKind: limit.periodKind,
      periodStart: period.periodStart,
      periodEnd: period.periodEnd,
      ordinal: this.#lastOrdinal,
      currentUsage: 0n,
      lastSequence: 0n,
      lastEventId: id,
      lastEventAt: this.#time,
      createdAt: this.#time,
    };
    const line = { record, isNew: true, isChanged: true };
    this.#lines.push(line);
    return line;
  }
}

function eventOf(
  attempt: UsageAttempt,
  limit: EffectiveLimit,
  record: UsageRecord,
  made: { readonly id: string; readonly usageAfter: bigint },
): UsageEvent {
  return {
    id: made.id,
    tenantId: attempt.tenantId,
    metricCode: attempt.metricCode,
    amount: attempt.amount,
    metadata: attempt.metadata,
    createdAt: eventIdInstant(made.id),
    ...(attempt.idempotencyKey === undefined ? {} : { idempotencyKey: attempt.idempotencyKey }),
    sequence: record.lastSequence + 1n,
    usageAfter: made.usageAfter,
    limit: limit.limit,
    enforcement: limit.enforcement,
    limitSource: limit.limitSource,
    planCode: limit.planCode,
    ...(attempt.planCode === undefined ? {} : { requestedPlanCode: attempt.planCode }),
    periodKind: record.periodKind,
    periodStart: record.periodStart,
    periodEnd: record.periodEnd,
  };
}
