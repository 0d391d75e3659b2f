import type { ControlUnitOfWork } from "../../repositories/control-unit-of-work.ts";
import type { PageTokenSeal } from "../../repositories/page-token-seal.ts";
import type { UsageEventRepository } from "../../repositories/usage-event-repository.ts";
import type { UsageRepository } from "../../repositories/usage-repository.ts";
import type { UsageUnitOfWork } from "../../repositories/usage-unit-of-work.ts";
import { PostgresControlUnitOfWork } from "./control/postgres-control-unit-of-work.ts";
import type { DatabaseClock } from "./database-clock.ts";
import { openOrm } from "./orm.ts";
import { readPageTokenSeal } from "./page-token-key.ts";
import type { StatementTimeouts } from "./transaction-settings.ts";
import { Transactions } from "./transactions.ts";
import { PostgresUsageEventRepository } from "./usage/postgres-usage-event-repository.ts";
import { PostgresUsageRepository } from "./usage/postgres-usage-repository.ts";
import { PostgresUsageUnitOfWork } from "./usage/postgres-usage-unit-of-work.ts";

export interface StorageOptions {
  /** Of the serving login. */
  readonly url: string;
  readonly poolMax: number;
  readonly timeouts: StatementTimeouts;
  readonly clock: DatabaseClock;
}

/** The ports on one PostgreSQL. */
export interface PostgresStorage {
  readonly usageUnitOfWork: UsageUnitOfWork;
  readonly usage: UsageRepository;
  readonly events: UsageEventRepository;
  readonly control: ControlUnitOfWork;
  readonly pageTokenSeal: PageTokenSeal;
  /** @throws when the database does not answer a query */
  ping(): Promise<void>;
  /** Waits for running queries. */
  close(): Promise<void>;
}

/** Connects to a database whose schema is current. */
export async function openStorage(options: StorageOptions): Promise<PostgresStorage> {
  const orm = await openOrm(options.url, options.poolMax);
  const transactions = new Transactions(orm, options.timeouts);
  try {
    return {
      usageUnitOfWork: new PostgresUsageUnitOfWork(transactions, options.clock),
      usage: new PostgresUsageRepository(transactions, options.clock),
      events: new PostgresUsageEventRepository(transactions),
      control: new PostgresControlUnitOfWork(transactions, options.clock),
      pageTokenSeal: await readPageTokenSeal(transactions),
      ping: async () => {
        await transactions.asReader((transaction) => transaction.query("select 1", []));
      },
      close: () => orm.close(true),
    };
  } catch (error) {
    await orm.close(true);
    throw error;
  }
}
