import { type CounterKey, type CounterLineKey, counterKeyText } from "../../domain/counter-key.ts";
import type { UsageRecord } from "../../domain/usage-record.ts";
import type { ReadableTables } from "./in-memory-tables.ts";

export function recordsOf(tables: ReadableTables, key: CounterKey): readonly UsageRecord[] {
  return tables.counters.get(counterKeyText(key))?.records ?? [];
}

export function recordsOfLine(tables: ReadableTables, key: CounterLineKey): UsageRecord[] {
  return recordsOf(tables, key).filter((record) => record.periodKind === key.periodKind);
}

export function latestRecordOfLine(tables: ReadableTables, key: CounterLineKey): UsageRecord | undefined {
  return recordsOfLine(tables, key)
    .sort((a, b) => a.periodStart - b.periodStart)
    .at(-1);
}
