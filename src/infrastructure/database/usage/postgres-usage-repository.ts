import type { CounterKey, CounterLineKey } from "../../../domain/counter-key.ts";
import type { UsageRecord } from "../../../domain/usage-record.ts";
import type { SnapshotQuestion, UsageRepository, UsageSnapshot } from "../../../repositories/usage-repository.ts";
import type { DatabaseClock } from "../database-clock.ts";
import { UsageRecordEntity } from "../entities/usage-record-entity.ts";
import { recordOfEntity } from "../mappers/usage-record-mapper.ts";
import type { PipelinedTransactions, Statement } from "../pipelined-transactions.ts";
import { readNow } from "../read-now.ts";
import type { Transactions } from "../transactions.ts";
import { readSnapshot, snapshotStatement } from "./read-snapshot.ts";

const listedRecordsDefault = 100;

export class PostgresUsageRepository implements UsageRepository {
  readonly #transactions: Transactions;
  readonly #pipelined: PipelinedTransactions;
  readonly #clock: DatabaseClock;
  readonly #snapshot: Statement;

  constructor(transactions: Transactions, pipelined: PipelinedTransactions, clock: DatabaseClock) {
    this.#transactions = transactions;
    this.#pipelined = pipelined;
    this.#clock = clock;
    this.#snapshot = snapshotStatement(clock);
  }

  async getCurrentPeriod(key: CounterLineKey): Promise<UsageRecord | undefined> {
    const { tenantId, metricCode, periodKind } = key;
    return await this.#transactions.asApp([tenantId], async (transaction) => {
      const [latest] = await transaction.em.find(
        UsageRecordEntity,
        { tenantId, metricCode, periodKind },
        { orderBy: { periodStart: "desc" }, limit: 1 },
      );
      if (latest === undefined) return undefined;
      const record = recordOfEntity(latest);
      const now = Math.max(await readNow(transaction, this.#clock), record.lastEventAt);
      return now < record.periodEnd ? record : undefined;
    });
  }

  async listByTenantAndMetric(key: CounterKey, limit: number = listedRecordsDefault): Promise<UsageRecord[]> {
    const { tenantId, metricCode } = key;
    return await this.#transactions.asApp([tenantId], async ({ em }) => {
      const records = await em.find(
        UsageRecordEntity,
        { tenantId, metricCode },
        { orderBy: { periodStart: "desc", periodKind: "asc" }, limit },
      );
      return records.map(recordOfEntity);
    });
  }

  async readSnapshot(questions: readonly SnapshotQuestion[]): Promise<UsageSnapshot> {
    return await readSnapshot(this.#pipelined, questions, this.#snapshot);
  }
}
