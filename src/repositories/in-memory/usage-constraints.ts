import { amountMax, amountMin, counterMax } from "../../domain/bounds.ts";
import type { UsageEvent } from "../../domain/usage-event.ts";
import type { UsageRecord } from "../../domain/usage-record.ts";
import { ConcurrentChangeError } from "../storage-errors.ts";

/** What the database refuses by constraint; breaking one of these is a defect of the caller, not a lost race. */
export function checkRecord(record: UsageRecord): void {
  require(record.currentUsage >= 0n && record.currentUsage <= counterMax, "a counter lies within 0 … 2^53 - 1");
  require(record.ordinal >= 1n && record.lastSequence >= 0n, "ordinals begin at 1, sequences at 0");
  require(liesInPeriod(record.lastEventAt, record), "a record's last event lies within its period");
}

export function checkEvent(event: UsageEvent): void {
  require(event.amount >= amountMin && event.amount <= amountMax, "an amount lies within 1 … 10^15");
  require(event.usageAfter >= event.amount && event.usageAfter <= counterMax, "a counter lies within 0 … 2^53 - 1");
  require(event.sequence >= 1n, "sequences begin at 1");
  require(liesInPeriod(event.createdAt, event), "an event is created within its period");
}

/** @throws ConcurrentChangeError when another transaction created a record in the meantime */
export function checkUniqueRecord(record: UsageRecord, others: readonly UsageRecord[]): void {
  for (const other of others) {
    if (other.ordinal === record.ordinal) throw new ConcurrentChangeError("the ordinal is taken");
    if (other.periodKind === record.periodKind && other.periodStart === record.periodStart) {
      throw new ConcurrentChangeError("the period has a record");
    }
  }
}

function liesInPeriod(instant: number, period: { readonly periodStart: number; readonly periodEnd: number }): boolean {
  return period.periodStart <= instant && instant < period.periodEnd;
}

function require(condition: boolean, sentence: string): void {
  if (!condition) throw new Error(`constraint violated: ${sentence}`);
}
