import type { ControlChange } from "../../domain/control-change.ts";
import type { CounterKey } from "../../domain/counter-key.ts";
import type { LimitOverride } from "../../domain/limit-override.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Subscription } from "../../domain/subscription.ts";
import type { UsageEvent } from "../../domain/usage-event.ts";
import type { UsageRecord } from "../../domain/usage-record.ts";
import type { UsageRefusal } from "../../domain/usage-refusal.ts";

/** All records of one counter, in no order; kept together because they are locked, checked and searched together. */
export interface CounterRecords extends CounterKey {
  readonly records: readonly UsageRecord[];
}

/** What each table's rows are. Rows are immutable: a change puts another row in place. */
export interface TableRows {
  /** By `counterKeyText`. */
  readonly counters: CounterRecords;
  /** By `eventKeyText`. */
  readonly events: UsageEvent;
  /** The same events by `idempotencyKeyText`, as far as they have a key. */
  readonly keyedEvents: UsageEvent;
  /** By `refusalKeyText`. */
  readonly refusals: UsageRefusal;
  /** By code. */
  readonly plans: Plan;
  /** By tenant id. */
  readonly subscriptions: Subscription;
  /** By `counterKeyText`. */
  readonly overrides: LimitOverride;
  /** By id. */
  readonly changes: ControlChange;
}

export interface ReadableTable<Row> {
  get(key: string): Row | undefined;
  values(): Iterable<Row>;
}

/** Tables as a query sees them: the committed ones, or those of a transaction. */
export type ReadableTables = { readonly [Name in keyof TableRows]: ReadableTable<TableRows[Name]> };

export type CommittedTables = { readonly [Name in keyof TableRows]: Map<string, TableRows[Name]> };

export function emptyTables(): CommittedTables {
  return {
    counters: new Map(),
    events: new Map(),
    keyedEvents: new Map(),
    refusals: new Map(),
    plans: new Map(),
    subscriptions: new Map(),
    overrides: new Map(),
    changes: new Map(),
  };
}

export function eventKeyText(event: UsageEvent): string {
  return `${event.tenantId} ${event.id}`;
}

export function refusalKeyText(refusal: UsageRefusal): string {
  return `${refusal.tenantId} ${refusal.metricCode} ${refusal.hour}`;
}
