import { pageSizeDefault } from "../../domain/bounds.ts";
import { compareText } from "../../domain/compare-text.ts";
import { type CounterKey, type CounterLineKey, counterLineKeyText } from "../../domain/counter-key.ts";
import type { LimitBasis } from "../../domain/limit-basis.ts";
import { isOpenAt, type UsageRecord } from "../../domain/usage-record.ts";
import type { SnapshotQuestion, UsageRepository, UsageSnapshot } from "../usage-repository.ts";
import { latestRecordOfLine, recordsOf, recordsOfLine } from "./counter-queries.ts";
import type { InMemoryStorage } from "./in-memory-storage.ts";
import { readLimitBasis } from "./limit-basis-query.ts";

export class InMemoryUsageRepository implements UsageRepository {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  async getCurrentPeriod(key: CounterLineKey): Promise<UsageRecord | undefined> {
    const records = recordsOfLine(this.#storage.tables, key);
    const now = records.reduce((latest, record) => Math.max(latest, record.lastEventAt), this.#storage.now());
    return records.find((record) => isOpenAt(record, now));
  }

  async listByTenantAndMetric(key: CounterKey, limit = pageSizeDefault): Promise<UsageRecord[]> {
    return [...recordsOf(this.#storage.tables, key)]
      .sort((a, b) => b.periodStart - a.periodStart || compareText(a.periodKind, b.periodKind))
      .slice(0, limit);
  }

  async readSnapshot(questions: readonly SnapshotQuestion[]): Promise<UsageSnapshot> {
    const limits = readLimitBasis(this.#storage.tables, {
      tenantIds: questions.map(({ tenantId }) => tenantId),
      planCodes: questions.map(({ planCode }) => planCode).filter((planCode) => planCode !== undefined),
      counters: questions.flatMap(({ tenantId, metricCode }) =>
        metricCode === undefined ? [] : [{ tenantId, metricCode }],
      ),
      wholeTenantIds: questions.filter(({ metricCode }) => metricCode === undefined).map(({ tenantId }) => tenantId),
    });
    const lines = questions.flatMap((question) => linesOf(question, limits));
    const distinctLines = new Map(lines.map((line) => [counterLineKeyText(line), line]));
    const now = this.#storage.now();
    const latestRecords = new Set<UsageRecord>();
    for (const line of distinctLines.values()) {
      const latest = latestRecordOfLine(this.#storage.tables, line);
      if (latest !== undefined) latestRecords.add(latest);
      for (const record of recordsOf(this.#storage.tables, line)) {
        if (record.periodEnd > now) latestRecords.add(record);
      }
    }
    return { now, limits, latestRecords: [...latestRecords] };
  }
}

function linesOf({ tenantId, metricCode, planCode }: SnapshotQuestion, limits: LimitBasis): CounterLineKey[] {
  const code = planCode ?? limits.subscriptions.get(tenantId)?.planCode ?? limits.defaultPlanCode;
  const plan = code === undefined ? undefined : limits.plans.get(code);
  return [...(plan?.limits.values() ?? [])]
    .filter((limit) => metricCode === undefined || limit.metricCode === metricCode)
    .map((limit) => ({ tenantId, metricCode: limit.metricCode, periodKind: limit.periodKind }));
}
