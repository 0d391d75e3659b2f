import { type CounterLineKey, counterKeyText, counterLineKeyText, idempotencyKeyText } from "../domain/counter-key.ts";
import { type EffectiveLimit, effectiveLimit } from "../domain/effective-limit.ts";
import { IdempotencyKeyReusedError } from "../domain/errors/idempotency-key-reused-error.ts";
import { QuotaExceededError } from "../domain/errors/quota-exceeded-error.ts";
import { QuotaServiceError } from "../domain/errors/quota-service-error.ts";
import type { RandomBits } from "../domain/event-id.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import type { PeriodLookup } from "../domain/period-calendar.ts";
import { statusAfter } from "../domain/quota-status.ts";
import { hasContentOf, type UsageAttempt } from "../domain/usage-attempt.ts";
import { isOverLimit, type UsageEvent } from "../domain/usage-event.ts";
import { refusalHour, type UsageRefusal } from "../domain/usage-refusal.ts";
import type { DecisionBasis, LockedRecords, Predecessor, UsageChanges } from "../repositories/usage-unit-of-work.ts";
import { CounterView } from "./counter-view.ts";
import type { KeyedAttempt } from "./keyed-attempt.ts";
import type { UsageOutcome, UsageReceipt } from "./usage-outcome.ts";

/** What deciding needs besides what was read. */
export interface DecisionMeans {
  readonly random: RandomBits;
  readonly periodAt: PeriodLookup;
}

/**
 * Decides a batch of attempts in their order, on what was read under the locks, and collects what has to be written. Holds
 * the batch's own view of every counter, so that an attempt sees what its predecessors in the batch did.
 */
export class UsageBatch {
  readonly #means: DecisionMeans;
  readonly #basis: DecisionBasis;
  readonly #now: EpochMilliseconds;
  readonly #counters = new Map<string, CounterView>();
  readonly #turns: readonly Turn[];
  readonly #keyed = new Map<string, UsageEvent>();
  readonly #events: UsageEvent[] = [];
  readonly #refusals = new Map<string, UsageRefusal>();

  constructor(keyed: readonly KeyedAttempt[], locked: LockedRecords, basis: DecisionBasis, means: DecisionMeans) {
    this.#means = means;
    this.#basis = basis;
    this.#now = locked.now;
    for (const record of locked.records) this.#counter(counterKeyText(record)).addLocked(record);
    for (const event of basis.keyedEvents) {
      const { tenantId, idempotencyKey } = event;
      if (idempotencyKey !== undefined) this.#keyed.set(idempotencyKeyText({ tenantId, idempotencyKey }), event);
    }
    this.#turns = keyed.map(({ attempt, counterText, keyText }) => {
      const counter = this.#counter(counterText);
      return { attempt, keyText, counter, limit: this.#limitFor(attempt, counter) };
    });
  }

  /** The lines in which an attempt would count, but whose open record was not found. */
  linesWithoutOpenRecord(): CounterLineKey[] {
    const missing = new Map<string, CounterLineKey>();
    for (const { attempt, counter, limit } of this.#turns) {
      if (limit.limit === undefined || counter.hasOpenRecord(limit.limit.periodKind)) continue;
      const { tenantId, metricCode } = attempt;
      const line = { tenantId, metricCode, periodKind: limit.limit.periodKind };
      missing.set(counterLineKeyText(line), line);
    }
    return [...missing.values()];
  }

  /** @throws ConcurrentChangeError when a record was created after the locks were taken */
  addPredecessors(predecessors: readonly Predecessor[]): void {
    for (const predecessor of predecessors) this.#counter(counterKeyText(predecessor)).addPredecessor(predecessor);
  }

  decide(): UsageOutcome[] {
    return this.#turns.map((turn) => {
      try {
        return { receipt: this.#decideOne(turn) };
      } catch (error) {
        if (!(error instanceof QuotaServiceError)) throw error;
        if (error instanceof QuotaExceededError) this.#countRefusal(error);
        return { error };
      }
    });
  }

  changes(): UsageChanges {
    const lines = [...this.#counters.values()].flatMap((counter) => counter.changedLines());
    return {
      newRecords: lines.filter((line) => line.isNew).map((line) => line.record),
      changedRecords: lines.filter((line) => !line.isNew).map((line) => line.record),
      events: this.#events,
      refusals: [...this.#refusals.values()],
    };
  }

  /** R13: the replay comes before everything that could refuse. */
  #decideOne({ attempt, keyText, counter, limit }: Turn): UsageReceipt {
    const replay = this.#replay(attempt, keyText);
    if (replay !== undefined) return receiptOf(replay, true);
    if (limit.error !== undefined) throw limit.error;
    const event = counter.record(attempt, limit.limit, this.#means.random);
    this.#events.push(event);
    if (keyText !== undefined) this.#keyed.set(keyText, event);
    return receiptOf(event, false);
  }

  #replay(attempt: UsageAttempt, keyText: string | undefined): UsageEvent | undefined {
    const { idempotencyKey } = attempt;
    if (keyText === undefined || idempotencyKey === undefined) return undefined;
    const event = this.#keyed.get(keyText);
    if (event === undefined) return undefined;
    if (!hasContentOf(event, attempt)) throw new IdempotencyKeyReusedError(idempotencyKey, event.id);
    return event;
  }

  #limitFor(attempt: UsageAttempt, counter: CounterView): LimitOrError {
    try {
      return { limit: effectiveLimit(this.#basis.limits, attempt, counter.time) };
    } catch (error) {
      if (!(error instanceof QuotaServiceError)) throw error;
      return { error };
    }
  }

  /** @param text its `counterKeyText` */
  #counter(text: string): CounterView {
    const existing = this.#counters.get(text);
    if (existing !== undefined) return existing;
    const created = new CounterView(this.#now, this.#means.periodAt);
    this.#counters.set(text, created);
    return created;
  }

  #countRefusal(error: QuotaExceededError): void {
    const { tenantId, status, requested, refusedAt } = error;
    const key = counterKeyText({ tenantId, metricCode: status.metricCode });
    this.#refusals.set(key, {
      tenantId,
      metricCode: status.metricCode,
      hour: refusalHour(refusedAt),
      count: (this.#refusals.get(key)?.count ?? 0n) + 1n,
      lastLimit: status.limit,
      lastCurrent: status.current,
      lastAmount: requested,
      lastRefusedAt: refusedAt,
    });
  }
}

/** An attempt with what it is decided on. */
interface Turn extends Pick<KeyedAttempt, "attempt" | "keyText"> {
  readonly counter: CounterView;
  readonly limit: LimitOrError;
}

type LimitOrError =
  | { readonly limit: EffectiveLimit; readonly error?: undefined }
  | { readonly limit?: undefined; readonly error: QuotaServiceError };

function receiptOf(event: UsageEvent, replayed: boolean): UsageReceipt {
  return { event, status: statusAfter(event), overLimit: isOverLimit(event), replayed };
}
