import { type CounterLineKey, counterKeyText, counterLineKeyText } from "../domain/counter-key.ts";
import { type EffectiveLimit, effectiveLimit, type LimitQuestion } from "../domain/effective-limit.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import { openPeriod, type PeriodLookup } from "../domain/period-calendar.ts";
import { type QuotaStatus, statusOf } from "../domain/quota-status.ts";
import { isOpenAt, type UsageRecord } from "../domain/usage-record.ts";
import type { UsageSnapshot } from "../repositories/usage-repository.ts";

/** A snapshot, made to be looked up in: it may answer hundreds of questions. */
export class QuotaView {
  readonly #snapshot: UsageSnapshot;
  readonly #periodAt: PeriodLookup;
  /** The latest record of each line. */
  readonly #records = new Map<string, UsageRecord>();
  /** The clock of each counter that is ahead of the snapshot's. */
  readonly #clocks = new Map<string, EpochMilliseconds>();

  constructor(snapshot: UsageSnapshot, periodAt: PeriodLookup) {
    this.#periodAt = periodAt;
    this.#snapshot = snapshot;
    for (const record of snapshot.latestRecords) {
      const key = counterKeyText(record);
      this.#clocks.set(key, Math.max(this.#clocks.get(key) ?? snapshot.now, record.lastEventAt));
      // After the clock stepped back over a boundary a line has two records that have not ended, in no particular order.
      const line = counterLineKeyText(record);
      const known = this.#records.get(line);
      if (known === undefined || known.periodStart < record.periodStart) this.#records.set(line, record);
    }
  }

  /** @throws NoPlanError, PlanNotFoundError, MetricNotInPlanError */
  limitOf(question: LimitQuestion): EffectiveLimit {
    return effectiveLimit(this.#snapshot.limits, question, this.#clockOf(question));
  }

  /** The counter under this limit: the open record's, or 0 in the period that a record would get now. */
  statusOf(question: LimitQuestion, limit: EffectiveLimit): QuotaStatus {
    const now = this.#clockOf(question);
    const latest = this.#latestRecord({ ...question, periodKind: limit.periodKind });
    if (latest !== undefined && isOpenAt(latest, now)) {
      return statusOf(limit, latest.currentUsage, { start: latest.periodStart, end: latest.periodEnd });
    }
    return statusOf(limit, 0n, openPeriod(limit.periodKind, now, limit.schedule, latest?.periodEnd, this.#periodAt));
  }

  #latestRecord(key: CounterLineKey): UsageRecord | undefined {
    return this.#records.get(counterLineKeyText(key));
  }

  /** R9: reads use the clock of decisions, which is never below the counter's last event. */
  #clockOf(question: LimitQuestion): EpochMilliseconds {
    return this.#clocks.get(counterKeyText(question)) ?? this.#snapshot.now;
  }
}
