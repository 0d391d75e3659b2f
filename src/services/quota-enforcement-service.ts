import { plannedMetrics } from "../domain/effective-limit.ts";
import { QuotaServiceError } from "../domain/errors/quota-service-error.ts";
import type { PeriodLookup } from "../domain/period-calendar.ts";
import { type QuotaStatus, remainingOf } from "../domain/quota-status.ts";
import { assertCountable, wouldExceed } from "../domain/usage-counter.ts";
import type { UsageRepository } from "../repositories/usage-repository.ts";
import { BatchQueue, type BatchQueueBounds, type Caller } from "./batch-queue.ts";
import { QuotaView } from "./quota-view.ts";
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

/** One answer of a batch. */
type Answer<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: QuotaServiceError };

interface StatusQuestion {
  readonly tenantId: string;
  readonly metricCodes: readonly string[];
}

/** What a waiting question occupies, roughly. */
const questionBytes = 256;

/** A status is all metrics of a plan, up to 200, so fewer of them make a batch. */
const statusBatchItemsMax = 32;

/** Answers what a tenant may use. Writes nothing and holds nothing; concurrent questions share a snapshot. */
export class QuotaEnforcementService {
  readonly #usage: UsageRepository;
  readonly #periodAt: PeriodLookup;
  readonly #checks: BatchQueue<QuotaQuestion, Answer<QuotaAdvice>>;
  readonly #statuses: BatchQueue<StatusQuestion, Answer<QuotaStatus[]>>;

  constructor(usage: UsageRepository, periodAt: PeriodLookup, bounds: BatchQueueBounds) {
    this.#usage = usage;
    this.#periodAt = periodAt;
    this.#checks = new BatchQueue((questions) => this.#check(questions), bounds);
    this.#statuses = new BatchQueue((questions) => this.#readStatuses(questions), {
      ...bounds,
      batchItemsMax: Math.min(bounds.batchItemsMax, statusBatchItemsMax),
    });
  }

  /**
   * What RecordUsage would say now.
   *
   * @throws NoPlanError, PlanNotFoundError, MetricNotInPlanError, CounterOverflowError
   * @throws DatabaseUnavailableError, OverloadedError
   */
  async checkQuota(question: QuotaQuestion, caller?: Caller): Promise<QuotaAdvice> {
    return valueOrThrow(await this.#checks.submit(question, questionBytes, caller));
  }

  /**
   * Every metric of the tenant's plan, sorted by metric code, in one snapshot.
   *
   * @param metricCodes only these; what the plan lacks is left out
   * @throws NoPlanError, DatabaseUnavailableError, OverloadedError
   */
  async getStatus(tenantId: string, metricCodes: readonly string[] = [], caller?: Caller): Promise<QuotaStatus[]> {
    const bytes = metricCodes.reduce((sum, metricCode) => sum + metricCode.length, questionBytes);
    return valueOrThrow(await this.#statuses.submit({ tenantId, metricCodes }, bytes, caller));
  }

  async #check(questions: readonly QuotaQuestion[]): Promise<Answer<QuotaAdvice>[]> {
    const view = new QuotaView(await rerunAfterLostRace(() => this.#usage.readSnapshot(questions)), this.#periodAt);
    return questions.map((question) => answer(() => adviceOn(question, view)));
  }

  async #readStatuses(questions: readonly StatusQuestion[]): Promise<Answer<QuotaStatus[]>[]> {
    const snapshot = await rerunAfterLostRace(() =>
      this.#usage.readSnapshot(questions.map(({ tenantId }) => ({ tenantId }))),
    );
    const view = new QuotaView(snapshot, this.#periodAt);
    return questions.map(({ tenantId, metricCodes }) =>
      answer(() => {
        const wanted = new Set(metricCodes);
        return plannedMetrics(snapshot.limits, tenantId)
          .filter((metricCode) => wanted.size === 0 || wanted.has(metricCode))
          .map((metricCode) => view.statusOf({ tenantId, metricCode }, view.limitOf({ tenantId, metricCode })));
      }),
    );
  }
}

function adviceOn(question: QuotaQuestion, view: QuotaView): QuotaAdvice {
  const { metricCode, amount } = question;
  const limit = view.limitOf(question);
  const status = view.statusOf(question, limit);
  const exceeds = wouldExceed(limit.limit, status.current, amount);
  const allowed = !(exceeds && limit.enforcement === "HARD");
  if (allowed) assertCountable(metricCode, status.current, amount);
  const remaining = remainingOf(status);
  return { wouldExceed: exceeds, remaining: remaining === null ? null : remaining - amount, allowed, status };
}

/** One question's own failure must not become its neighbours'. */
function answer<T>(decide: () => T): Answer<T> {
  try {
    return { value: decide() };
  } catch (error) {
    if (error instanceof QuotaServiceError) return { error };
    throw error;
  }
}

function valueOrThrow<T>(given: Answer<T>): T {
  if (given.error !== undefined) throw given.error;
  return given.value;
}
