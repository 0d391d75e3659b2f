import type { AdminStorage } from "../../repositories/admin/admin-storage.ts";
import type { ApiKeyDirectory } from "../../repositories/api-key-directory.ts";
import type { ApiKeyUnitOfWork } from "../../repositories/api-key-repository.ts";
import type { ControlUnitOfWork } from "../../repositories/control-unit-of-work.ts";
import type { PageTokenSeal } from "../../repositories/page-token-seal.ts";
import type { UsageEventRepository } from "../../repositories/usage-event-repository.ts";
import type { UsageRepository } from "../../repositories/usage-repository.ts";
import type { UsageUnitOfWork } from "../../repositories/usage-unit-of-work.ts";
import { PostgresApiKeyDirectory } from "./access/postgres-api-key-directory.ts";
import { PostgresApiKeyUnitOfWork } from "./access/postgres-api-key-unit-of-work.ts";
import { postgresAdminStorage } from "./admin/postgres-admin-storage.ts";
import { PostgresControlUnitOfWork } from "./control/postgres-control-unit-of-work.ts";
import type { DatabaseClock } from "./database-clock.ts";
import { connectTimeoutMs, openOrm } from "./orm.ts";
import { readPageTokenSeal } from "./page-token-key.ts";
import { openPipelinedPool } from "./pipelined-pool.ts";
import { PipelinedTransactions } from "./pipelined-transactions.ts";
import type { StatementTimeouts } from "./transaction-settings.ts";
import { Transactions } from "./transactions.ts";
import { PostgresUsageEventRepository } from "./usage/postgres-usage-event-repository.ts";
import { PostgresUsageRepository } from "./usage/postgres-usage-repository.ts";
import { PostgresUsageUnitOfWork } from "./usage/postgres-usage-unit-of-work.ts";

export interface StorageOptions {
  /** Of the serving login. */
  readonly url: string;
  /** Connections in all, at least 2: usage has some of its own. */
  readonly poolMax: number;
  readonly timeouts: StatementTimeouts;
  /** How long recording waits for one lock before it goes on without the counter; not longer than others do. */
  readonly lockPatienceMs: number;
  readonly clock: DatabaseClock;
  /** False behind a pooler in transaction mode that does not carry named statements over. */
  readonly namedStatements: boolean;
}

/** The ports on one PostgreSQL. */
export interface PostgresStorage {
  readonly usageUnitOfWork: UsageUnitOfWork;
  readonly usage: UsageRepository;
  readonly events: UsageEventRepository;
  readonly control: ControlUnitOfWork;
  readonly admin: AdminStorage;
  readonly apiKeys: ApiKeyUnitOfWork;
  readonly apiKeyDirectory: ApiKeyDirectory;
  readonly pageTokenSeal: PageTokenSeal;
  /** @throws when the database does not answer a query */
  ping(): Promise<void>;
  /** Waits for running queries. */
  close(): Promise<void>;
}

/**
 * Recording, recording what was held, checking, status and the look at keys each have one batch under way at most: more
 * connections would idle.
 */
const usageConnectionsMax = 5;

/** How much later than the server's own time-out an answer may come before its connection counts as lost. */
const answerGraceMs = 5_000;

const pingStatement = { name: "ping", sql: "select 1" };

/** Connects to a database whose schema is current. */
export async function openStorage(options: StorageOptions): Promise<PostgresStorage> {
  const usagePoolMax = Math.max(1, Math.min(usageConnectionsMax, Math.floor(options.poolMax / 2)));
  const orm = await openOrm(options.url, options.poolMax - usagePoolMax);
  const transactions = new Transactions(orm, options.timeouts);
  const { timeouts, namedStatements } = options;
  const usagePool = openPipelinedPool({ url: options.url, max: usagePoolMax, connectTimeoutMs });
  const answerTimeoutMs = timeouts.statementTimeoutMs + answerGraceMs;
  const pipelined = new PipelinedTransactions(usagePool, { timeouts, answerTimeoutMs, namedStatements });
  // Reads wait for nobody but a change of the schema, and have no second lane to wait in.
  const lockTimeoutMs = Math.min(timeouts.lockTimeoutMs, options.lockPatienceMs);
  const recording = new PipelinedTransactions(usagePool, {
    timeouts: { ...timeouts, lockTimeoutMs },
    answerTimeoutMs,
    namedStatements,
  });
  const close = async () => {
    await pipelined.close();
    await transactions.opened();
    await orm.close(true);
  };
  const events = new PostgresUsageEventRepository(transactions);
  try {
    return {
      usageUnitOfWork: new PostgresUsageUnitOfWork(recording, transactions, options.clock),
      usage: new PostgresUsageRepository(transactions, pipelined, options.clock),
      events,
      control: new PostgresControlUnitOfWork(transactions, options.clock),
      admin: postgresAdminStorage(transactions, events, options.clock),
      apiKeys: new PostgresApiKeyUnitOfWork(transactions, options.clock),
      apiKeyDirectory: new PostgresApiKeyDirectory(transactions, pipelined, options.clock),
      pageTokenSeal: await readPageTokenSeal(transactions),
      ping: async () => {
        await Promise.all([transactions.ping(), pipelined.read([], pingStatement, [])]);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
