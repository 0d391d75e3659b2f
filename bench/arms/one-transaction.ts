import type { Bench } from "../bench.ts";
import { rowsOf, withClient } from "../environment/bench-postgres.ts";
import { hotTenant, tenantCount } from "../environment/tenants.ts";
import { CostMeter } from "../measure/cost-meter.ts";
import { eventTableBytes } from "../measure/measure-load.ts";
import type { Measurement } from "../measure/measurement.ts";
import { cpuMsOfEndedChildren } from "../measure/processes.ts";
import { runPgClients } from "../transactions/pg-clients.ts";
import { pgbenchVersion, runPgbench } from "../transactions/pgbench.ts";
import type { OpenPeriod } from "../transactions/statements.ts";
import type { TransactionRun } from "../transactions/transaction-run.ts";
import type { Arm } from "./arm.ts";

const databaseName = "transactions";
const clientCounts = [4, 8, 16, 32];
const tuningSeconds = 2;

/** PostgreSQL's own pgbench, or `pg` in Node, which also stands in where there is no pgbench. */
export type TransactionDriver = "pgbench" | "pg";

export function transactionArm(spread: "even" | "hot", driver: TransactionDriver = "pgbench"): string {
  const title = driver === "pg" ? "one transaction per event through pg" : "one transaction per event";
  return `${title}, ${spread === "even" ? "1,000 tenants" : "one row"}`;
}

export function oneTransactionArm(spread: "even" | "hot", driver: TransactionDriver = "pgbench"): Arm {
  let clients = 8;
  return {
    name: transactionArm(spread, driver),
    group: "transaction",
    isQuick: driver === "pgbench",
    tune: async (bench) => {
      const rates = new Map<number, number>();
      for (const count of clientCounts) {
        const run = await runTransactions(bench, { spread, driver, clients: count, seconds: tuningSeconds });
        rates.set(count, run.transactions / run.seconds);
      }
      clients = clientCounts.reduce((best, count) => ((rates.get(count) ?? 0) > (rates.get(best) ?? 0) ? count : best));
      const tried = [...rates].map(([count, rate]) => `${count}: ${Math.round(rate)}/s`).join(", ");
      return `${(await pgbenchFor(driver)) ?? "pg"}, ${clients} clients (${tried})`;
    },
    run: async (bench, { measureMs }) => {
      const seconds = Math.max(1, Math.round(measureMs / 1_000));
      return await measureTransactions(bench, { spread, driver, clients, seconds });
    },
  };
}

interface Transactions {
  readonly spread: "even" | "hot";
  readonly driver: TransactionDriver;
  readonly clients: number;
  readonly seconds: number;
}

/** The version of pgbench, where it is to be used and there is one. */
async function pgbenchFor(driver: TransactionDriver): Promise<string | undefined> {
  return driver === "pg" ? undefined : await pgbenchVersion();
}

async function measureTransactions(bench: Bench, transactions: Transactions): Promise<Measurement> {
  const database = await bench.database(databaseName);
  const bytesBefore = await eventTableBytes(database);
  const generatorBefore = cpuMsOfEndedChildren(process.pid);
  const meter = new CostMeter(bench, []);
  meter.opened();
  const run = await runTransactions(bench, transactions);
  meter.closed();
  // What was made to warm up cost as much, and is counted with it.
  const made = run.transactions + (run.unmeasured ?? 0);
  const costs = await meter.costs();
  const generatorMs = cpuMsOfEndedChildren(process.pid) - generatorBefore;
  return {
    perSecond: run.transactions / run.seconds,
    meanLatencyMs: run.meanMs,
    serverCpuUs: 0,
    postgresCpuUs: (costs.postgresMs * 1_000) / made,
    generatorCpuShare: generatorMs / 1_000 / costs.seconds,
    otherCpuShare: Math.max(0, costs.restMs - generatorMs + costs.stolenMs) / 1_000 / costs.seconds,
    logFlushesPerThousand: (costs.logFlushes * 1_000) / made,
    logBytesPerAnswer: costs.logBytes / made,
    diskBytesPerEvent: ((await eventTableBytes(database)) - bytesBefore) / made,
    residentBytes: 0,
  };
}

async function runTransactions(
  bench: Bench,
  { spread, driver, clients, seconds }: Transactions,
): Promise<TransactionRun> {
  const database = await bench.database(databaseName);
  const tool = (await pgbenchFor(driver)) === undefined ? runPgClients : runPgbench;
  const tenants = spread === "even" ? tenantCount : hotTenant;
  const url = database.superuserUrl;
  const run = await tool({ url, period: await openPeriod(url), tenants, clients, seconds });
  bench.addAcknowledged(database, run.transactions + (run.unmeasured ?? 0));
  return run;
}

async function openPeriod(url: string): Promise<OpenPeriod> {
  return await withClient(url, async (client) => {
    const [period] = await rowsOf<OpenPeriod>(
      client,
      "select period_start::text as start, period_end::text as end from quota_usage_record limit 1",
    );
    if (period === undefined) throw new Error("the seed left no counter");
    return period;
  });
}
