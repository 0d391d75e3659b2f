import { type CounterKey, type CounterLineKey, counterKeyText, idempotencyKeyText } from "../../domain/counter-key.ts";
import type { EpochMilliseconds } from "../../domain/instant.ts";
import type { UsageEvent } from "../../domain/usage-event.ts";
import type { UsageRecord } from "../../domain/usage-record.ts";
import type { UsageRefusal } from "../../domain/usage-refusal.ts";
import { ConcurrentChangeError } from "../storage-errors.ts";
import type {
  DecisionBasis,
  DecisionQuestion,
  LockedRecords,
  Predecessor,
  UsageChanges,
  UsageLedger,
} from "../usage-unit-of-work.ts";
import { latestRecordOfLine, recordsOf } from "./counter-queries.ts";
import { eventKeyText, refusalKeyText } from "./in-memory-tables.ts";
import type { InMemoryTransaction } from "./in-memory-transaction.ts";
import { readLimitBasis } from "./limit-basis-query.ts";
import { checkEvent, checkRecord, checkUniqueRecord } from "./usage-constraints.ts";

/** Needs no locks of its own: the storage runs one transaction at a time. */
export class InMemoryUsageLedger implements UsageLedger {
  readonly #transaction: InMemoryTransaction;
  readonly #now: () => EpochMilliseconds;

  constructor(transaction: InMemoryTransaction, now: () => EpochMilliseconds) {
    this.#transaction = transaction;
    this.#now = now;
  }

  async lockOpenRecords(keys: readonly CounterKey[]): Promise<LockedRecords> {
    const now = this.#now();
    const counters = new Map(keys.map((key) => [counterKeyText(key), key]));
    const records = [...counters.values()].flatMap((key) => recordsOf(this.#transaction, key));
    return { now, records: records.filter((record) => now < record.periodEnd) };
  }

  async readDecisionBasis(question: DecisionQuestion): Promise<DecisionBasis> {
    const keyTexts = new Set(question.idempotencyKeys.map(idempotencyKeyText));
    return {
      limits: readLimitBasis(this.#transaction, { ...question, wholeTenantIds: [] }),
      keyedEvents: [...keyTexts]
        .map((text) => this.#transaction.keyedEvents.get(text))
        .filter((event) => event !== undefined),
    };
  }

  async readPredecessors(keys: readonly CounterLineKey[], now: EpochMilliseconds): Promise<Predecessor[]> {
    return keys.map(({ tenantId, metricCode, periodKind }) => {
      const key = { tenantId, metricCode, periodKind };
      const records = recordsOf(this.#transaction, key);
      const previousEnd = latestRecordOfLine(this.#transaction, key)?.periodEnd;
      return {
        ...key,
        ...(previousEnd === undefined ? {} : { previousEnd }),
        lastOrdinal: records.reduce((last, { ordinal }) => (ordinal > last ? ordinal : last), 0n),
        openRecords: records.filter((record) => now < record.periodEnd).length,
      };
    });
  }

  async write(changes: UsageChanges): Promise<void> {
    this.#transaction.change(() => {
      for (const record of changes.newRecords) this.#insertRecord(record);
      for (const record of changes.changedRecords) this.#updateRecord(record);
      for (const event of changes.events) this.#insertEvent(event);
      for (const refusal of changes.refusals) this.#addRefusal(refusal);
    });
  }

  #insertRecord(record: UsageRecord): void {
    checkRecord(record);
    const others = recordsOf(this.#transaction, record);
    checkUniqueRecord(record, others);
    this.#setRecords(record, [...others, record]);
  }

  /** Only what events change: the period, the ordinal and the creation time are fixed. */
  #updateRecord(record: UsageRecord): void {
    checkRecord(record);
    const records = recordsOf(this.#transaction, record);
    const existing = records.find(({ id }) => id === record.id);
    if (existing === undefined) throw new Error("a changed record must exist");
    const { currentUsage, lastSequence, lastEventId, lastEventAt } = record;
    const changed = { ...existing, currentUsage, lastSequence, lastEventId, lastEventAt };
    this.#setRecords(
      record,
      records.map((other) => (other === existing ? changed : other)),
    );
  }

  #setRecords({ tenantId, metricCode }: CounterKey, records: readonly UsageRecord[]): void {
    this.#transaction.counters.set(counterKeyText({ tenantId, metricCode }), { tenantId, metricCode, records });
  }

  #insertEvent(event: UsageEvent): void {
    checkEvent(event);
    const { events, keyedEvents } = this.#transaction;
    if (events.get(eventKeyText(event)) !== undefined) throw new Error("an event of this id exists");
    events.set(eventKeyText(event), event);
    const { tenantId, idempotencyKey } = event;
    if (idempotencyKey === undefined) return;
    const keyText = idempotencyKeyText({ tenantId, idempotencyKey });
    if (keyedEvents.get(keyText) !== undefined) throw new ConcurrentChangeError("the idempotency key is taken");
    keyedEvents.set(keyText, event);
  }

  #addRefusal(refusal: UsageRefusal): void {
    const { refusals } = this.#transaction;
    const earlierCount = refusals.get(refusalKeyText(refusal))?.count ?? 0n;
    refusals.set(refusalKeyText(refusal), { ...refusal, count: earlierCount + refusal.count });
  }
}
