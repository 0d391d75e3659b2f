import { randomBytes, randomUUID } from "node:crypto";
import type { Actor } from "../../src/domain/actor.ts";
import type { ControlChange } from "../../src/domain/control-change.ts";
import { eventIdAfter, eventIdInstant, type RandomBits } from "../../src/domain/event-id.ts";
import type { EpochMilliseconds } from "../../src/domain/instant.ts";
import type { LimitOverride } from "../../src/domain/limit-override.ts";
import type { Plan } from "../../src/domain/plan.ts";
import type { QuotaLimit } from "../../src/domain/quota-limit.ts";
import type { Subscription } from "../../src/domain/subscription.ts";
import type { UsageEvent } from "../../src/domain/usage-event.ts";
import type { UsageRecord } from "../../src/domain/usage-record.ts";
import { refusalHour, type UsageRefusal } from "../../src/domain/usage-refusal.ts";
import type { UsageChanges } from "../../src/repositories/usage-unit-of-work.ts";

/**
 * Well-formed objects for tests, of which a test names what it is about. Tenants and codes are random, so that tests
 * may share a database.
 */

/** Inside March 2026, with milliseconds that a coarser column would lose. */
export const aMoment: EpochMilliseconds = Date.UTC(2026, 2, 10, 12, 34, 56, 789);

export const march = { periodStart: Date.UTC(2026, 2, 1), periodEnd: Date.UTC(2026, 3, 1) } as const;

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

export const randomBits: RandomBits = () => BigInt(`0x${randomBytes(10).toString("hex")}`) & ((1n << 74n) - 1n);

export function aTenant(): string {
  return randomUUID();
}

/** A metric code or plan code that no other test uses. */
export function aCode(prefix = "code"): string {
  return `${prefix}_${randomBytes(6).toString("hex")}`;
}

export function anEventId(instant = aMoment): string {
  return eventIdAfter(undefined, instant, randomBits);
}

export function aQuotaLimit(fields: Partial<QuotaLimit> = {}): QuotaLimit {
  return { metricCode: aCode("metric"), limit: 100n, enforcement: "HARD", periodKind: "MONTH", ...fields };
}

export function aPlan(fields: Partial<Plan> = {}): Plan {
  return {
    code: aCode("plan"),
    displayName: "A plan",
    limits: [aQuotaLimit()],
    isDefault: false,
    revision: 1n,
    createdAt: aMoment,
    updatedAt: aMoment,
    ...fields,
  };
}

export function aSubscription(fields: Partial<Subscription> & { readonly planCode: string }): Subscription {
  return { tenantId: aTenant(), timeZone: "Europe/Berlin", createdAt: aMoment, updatedAt: aMoment, ...fields };
}

export function aLimitOverride(fields: Partial<LimitOverride> = {}): LimitOverride {
  return {
    tenantId: aTenant(),
    metricCode: aCode("metric"),
    limit: 500n,
    reason: "agreed with the customer",
    createdAt: aMoment,
    updatedAt: aMoment,
    ...fields,
  };
}

export const anActor: Actor = {
  keyId: "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e",
  name: "Olga",
  role: "ADMIN",
  requestId: "request-1",
};

/** A plan was created, unless the fields say otherwise. */
export function aControlChange(fields: Partial<ControlChange> = {}): ControlChange {
  const { id = anEventId() } = fields;
  const objectId = aCode("plan");
  return {
    operation: "CREATE",
    objectKind: "PLAN",
    objectId,
    after: { code: objectId },
    actor: anActor,
    ...fields,
    id,
    createdAt: eventIdInstant(id),
  };
}

/** The first event of a counter in March. */
export function aUsageEvent(fields: Partial<UsageEvent> = {}): UsageEvent {
  const { createdAt = aMoment, amount = 1n } = fields;
  return {
    id: anEventId(createdAt),
    tenantId: aTenant(),
    metricCode: aCode("metric"),
    amount,
    metadata: "{}",
    createdAt,
    sequence: 1n,
    usageAfter: amount,
    limit: 100n,
    enforcement: "HARD",
    limitSource: "SUBSCRIBED_PLAN",
    planCode: "starter",
    periodKind: "MONTH",
    ...march,
    ...fields,
  };
}

/** A counter in March after one event of amount 1, unless the fields say otherwise. */
export function aUsageRecord(fields: Partial<UsageRecord> = {}): UsageRecord {
  const { lastEventAt = aMoment } = fields;
  return {
    id: anEventId(lastEventAt),
    tenantId: aTenant(),
    metricCode: aCode("metric"),
    periodKind: "MONTH",
    ...march,
    ordinal: 1n,
    currentUsage: 1n,
    lastSequence: 1n,
    lastEventId: anEventId(lastEventAt),
    lastEventAt,
    createdAt: lastEventAt,
    ...fields,
  };
}

export function aRefusal(fields: Partial<UsageRefusal> = {}): UsageRefusal {
  const { lastRefusedAt = aMoment } = fields;
  return {
    tenantId: aTenant(),
    metricCode: aCode("metric"),
    hour: refusalHour(lastRefusedAt),
    count: 1n,
    lastLimit: 100n,
    lastCurrent: 100n,
    lastAmount: 1n,
    lastRefusedAt,
    ...fields,
  };
}

/** A record and events that agree with each other. */
export interface Usage {
  readonly record: UsageRecord;
  readonly events: readonly [UsageEvent, ...UsageEvent[]];
}

/**
 * A new record and its first event.
 *
 * @param fields of the record; what events decide (usage, sequence, last event) follows from the event
 * @param eventFields of the event; what the record decides (tenant, metric, period) follows from the record
 */
export function aUsage(fields: Partial<UsageRecord> = {}, eventFields: Partial<UsageEvent> = {}): Usage {
  const { createdAt = fields.createdAt ?? withinPeriod(fields) } = eventFields;
  const blank = aUsageRecord({ lastEventAt: createdAt, ...fields, currentUsage: 0n, lastSequence: 0n });
  const event = eventOn(blank, { createdAt, ...eventFields, id: eventFields.id ?? anEventId(createdAt) });
  return { record: recordAfter(blank, event), events: [event] };
}

/** One more event on a record, a millisecond after its last one unless the fields say otherwise. */
export function moreUsage(record: UsageRecord, eventFields: Partial<UsageEvent> = {}): Usage {
  const { createdAt = record.lastEventAt + 1 } = eventFields;
  const id = eventIdAfter(record.lastEventId, createdAt, randomBits);
  const event = eventOn(record, { id, createdAt, ...eventFields });
  return { record: recordAfter(record, event), events: [event] };
}

function eventOn(record: UsageRecord, fields: Partial<UsageEvent>): UsageEvent {
  const { tenantId, metricCode, periodKind, periodStart, periodEnd } = record;
  const { amount = 1n } = fields;
  return aUsageEvent({
    tenantId,
    metricCode,
    periodKind,
    periodStart,
    periodEnd,
    sequence: record.lastSequence + 1n,
    usageAfter: record.currentUsage + amount,
    ...fields,
  });
}

function recordAfter(record: UsageRecord, event: UsageEvent): UsageRecord {
  return {
    ...record,
    currentUsage: event.usageAfter,
    lastSequence: event.sequence,
    lastEventId: event.id,
    lastEventAt: event.createdAt,
  };
}

function withinPeriod(fields: Partial<UsageRecord>): EpochMilliseconds {
  const { periodStart = march.periodStart, periodEnd = march.periodEnd } = fields;
  return periodStart <= aMoment && aMoment < periodEnd ? aMoment : periodStart;
}

/** What a unit of work writes, of which a test names the parts it is about. */
export function usageChanges(parts: Partial<UsageChanges>): UsageChanges {
  return { newRecords: [], changedRecords: [], events: [], refusals: [], ...parts };
}

/** The changes that store several first usages. */
export function newUsage(...usages: readonly Usage[]): UsageChanges {
  return usageChanges({
    newRecords: usages.map(({ record }) => record),
    events: usages.flatMap(({ events }) => events),
  });
}

/** The changes that store more usage of existing records. */
export function addedUsage(...usages: readonly Usage[]): UsageChanges {
  return usageChanges({
    changedRecords: usages.map(({ record }) => record),
    events: usages.flatMap(({ events }) => events),
  });
}
