import { counterLineKeyText } from "../domain/counter-key.ts";
import { type EffectiveLimit, effectiveLimit, effectiveLimits } from "../domain/effective-limit.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import { openPeriod } from "../domain/period-calendar.ts";
import { type QuotaStatus, remainingOf, statusOf } from "../domain/quota-status.ts";
import { assertCountable, wouldExceed } from "../domain/usage-counter.ts";
import { isOpenAt, type UsageRecord } from "../domain/usage-record.ts";
import type { UsageRepository, UsageSnapshot } from "../repositories/usage-repository.ts";
import { rerunAfterLostRace } from "./storage-failures.ts";

export interface QuotaQuestion {
  readonly tenantId: string;
  readonly metricCode: string;
  readonly amount: bigint;
  readonly planCode?: string;
}

export interface QuotaAdvice {
  readonly wouldExceed: boolean;
  /** limit - current - amount: negative when it would exceed, `null` when unlimited. */
  readonly remaining: bigint | null;
  /** False only when the limit is HARD and would be exceeded. */
  readonly allowed: boolean;
  readonly status: QuotaStatus;
}

/** Answers what a tenant may use. Writes nothing and holds nothing. */
export class QuotaEnforcementService {
  readonly #usage: UsageRepository;

  constructor(usage: UsageRepository) {
    this.#usage = usage;
  }

  /**
   * What RecordUsage would say now.
   *
   * @throws NoPlanError, PlanNotFoundError, MetricNotInPlanError, CounterOverflowError, DatabaseUnavailableError
   */
  async checkQuota(question: QuotaQuestion): Promise<QuotaAdvice> {
    const snapshot = await rerunAfterLostRace(() => this.#usage.readSnapshot([question]));
    const now = clockOf(snapshot, question.tenantId, question.metricCode);
    const limit = effectiveLimit(snapshot.limits, question, now);
    const status = statusIn(snapshot, question.tenantId, limit, now);
    const exceeds = wouldExceed(limit.limit, status.current, question.amount);
    const allowed = !(exceeds && limit.enforcement === "HARD");
    if (allowed) assertCountable(question.metricCode, status.current, question.amount);
    const remaining = remainingOf(status);
    return {
      wouldExceed: exceeds,
      remaining: remaining === null ? null : remaining - question.amount,
      allowed,
      status,
    };
  }

  /**
   * Every metric of the tenant's plan, sorted by metric code, in one snapshot.
   *
   * @param metricCodes only these; what the plan lacks is left out
   * @throws NoPlanError, DatabaseUnavailableError
   */
  async getStatus(tenantId: string, metricCodes: readonly string[] = []): Promise<QuotaStatus[]> {
    const snapshot = await rerunAfterLostRace(() => this.#usage.readSnapshot([{ tenantId }]));
    const wanted = new Set(metricCodes);
    return effectiveLimits(snapshot.limits, tenantId, snapshot.now)
      .filter((limit) => wanted.size === 0 || wanted.has(limit.metricCode))
      .map((limit) => {
        const now = clockOf(snapshot, tenantId, limit.metricCode);
        const question = { tenantId, metricCode: limit.metricCode };
        return statusIn(snapshot, tenantId, effectiveLimit(snapshot.limits, question, now), now);
      });
  }
}

/** R9: reads use the clock of decisions, which is never below the counter's last event. */
function clockOf(snapshot: UsageSnapshot, tenantId: string, metricCode: string): EpochMilliseconds {
  return snapshot.latestRecords
    .filter((record) => record.tenantId === tenantId && record.metricCode === metricCode)
    .reduce((latest, record) => Math.max(latest, record.lastEventAt), snapshot.now);
}

function statusIn(
  snapshot: UsageSnapshot,
  tenantId: string,
  limit: EffectiveLimit,
  now: EpochMilliseconds,
): QuotaStatus {
  const latest = latestRecord(snapshot, tenantId, limit);
  if (latest !== undefined && isOpenAt(latest, now)) {
    return statusOf(limit, latest.currentUsage, { start: latest.periodStart, end: latest.periodEnd });
  }
  return statusOf(limit, 0n, openPeriod(limit.periodKind, now, limit.schedule, latest?.periodEnd));
}

function latestRecord(snapshot: UsageSnapshot, tenantId: string, limit: EffectiveLimit): UsageRecord | undefined {
  const line = counterLineKeyText({ tenantId, metricCode: limit.metricCode, periodKind: limit.periodKind });
  return snapshot.latestRecords.find((record) => counterLineKeyText(record) === line);
}
