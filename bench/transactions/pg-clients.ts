import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TransactionQuestion, TransactionRun } from "./transaction-run.ts";

const run = promisify(execFile);

/** Where there is no pgbench: its like through `pg`, in a process of its own. */
export async function runPgClients(question: TransactionQuestion): Promise<TransactionRun> {
  const worker = join(import.meta.dirname, "pg-clients-worker.ts");
  const { stdout } = await run(process.execPath, [worker, JSON.stringify(question)]);
  return JSON.parse(stdout) as TransactionRun;
}
