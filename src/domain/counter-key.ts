import type { PeriodKind } from "./period-kind.ts";

/** What is locked together: all records of one metric of one tenant. */
export interface CounterKey {
  readonly tenantId: string;
  readonly metricCode: string;
}

/** One line of counters: the records of one kind follow each other without overlap. */
export interface CounterLineKey extends CounterKey {
  readonly periodKind: PeriodKind;
}

/** A text that stands for the key in a Map; neither part can hold a space. */
export function counterKeyText(key: CounterKey): string {
  return `${key.tenantId} ${key.metricCode}`;
}

export function counterLineKeyText(key: CounterLineKey): string {
  return `${key.tenantId} ${key.metricCode} ${key.periodKind}`;
}

/** A text that stands for an idempotency key in a Map; a key's scope is its tenant (R13). */
export function idempotencyKeyText(key: { readonly tenantId: string; readonly idempotencyKey: string }): string {
  return `${key.tenantId} ${key.idempotencyKey}`;
}
