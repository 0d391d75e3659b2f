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

export function transactionArm(spread: "even" | "hot"): string {
  return `one transaction per event, ${spread === "even" ? "1,000 tenants" : "one row"}`;
}

export function oneTransactionArm(spread: "even" | "hot"): Arm {
  let clients = 8;
  return {
    name: transactionArm(spread),
    group: "transaction",
    isQuick: true,
    tune: async (bench) => {
      const rates = new Map<number, number>();
      for (const count of clientCounts) {
        const run = await runTransactions(bench, spread, count, tuningSeconds);
        rates.set(count, run.transactions / run.seconds);
      }
      clients = clientCounts.reduce((best, count) => ((rates.get(count) ?? 0) > (rates.get(best) ?? 0) ? count : best));
      const tried = [...rates].map(([count, rate]) => `${count}: ${Math.round(rate)}/s`).join(", ");
      return `${(await pgbenchVersion()) ?? "pg"}, ${clients} clients (${tried})`;
    },
    run: async (bench, { measureMs }) =>
      await measureTransactions(bench, spread, clients, Math.max(1, Math.round(measureMs / 1_000))),
  };
}

async function measureTransactions(
  bench: Bench,
  spread: "even" | "hot",
  clients: number,
  seconds: number,
): Promise<Measurement> {
  const database = await bench.database(databaseName);
  const bytesBefore = await eventTableBytes(database);
  const generatorBefore = cpuMsOfEndedChildren(process.pid);
  const meter = new CostMeter(bench, []);
  meter.opened();
  const run = await runTransactions(bench, spread, clients, seconds);
  meter.closed();
  const costs = await meter.costs();
  const generatorMs = cpuMsOfEndedChildren(process.pid) - generatorBefore;
  return {
    perSecond: run.transactions / run.seconds,
    meanLatencyMs: run.meanMs,
    serverCpuUs: 0,
    postgresCpuUs: (costs.postgresMs * 1_000) / run.transactions,
    generatorCpuShare: generatorMs / 1_000 / costs.seconds,
    otherCpuShare: Math.max(0, costs.restMs - generatorMs + costs.stolenMs) / 1_000 / costs.seconds,
    logFlushesPerThousand: (costs.logFlushes * 1_000) / run.transactions,
    logBytesPerAnswer: costs.logBytes / run.transactions,
    diskBytesPerEvent: ((await eventTableBytes(database)) - bytesBefore) / run.transactions,
    residentBytes: 0,
  };
}

async function runTransactions(
  bench: Bench,
  spread: "even" | "hot",
  clients: number,
  seconds: number,
): Promise<TransactionRun> {
  const database = await bench.database(databaseName);
  const tool = (await pgbenchVersion()) === undefined ? runPgClients : runPgbench;
  const tenants = spread === "even" ? tenantCount : hotTenant;
  const url = database.superuserUrl;
  const run = await tool({ url, period: await openPeriod(url), tenants, clients, seconds });
  bench.addAcknowledged(database, run.transactions);
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
