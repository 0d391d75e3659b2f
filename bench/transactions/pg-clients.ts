import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { nodeFlags } from "../environment/node-flags.ts";
import type { TransactionQuestion, TransactionRun } from "./transaction-run.ts";

const run = promisify(execFile);

/** The like of pgbench through `pg`, in a process of its own, with the flags that the service gets. */
export async function runPgClients(question: TransactionQuestion): Promise<TransactionRun> {
  const worker = join(import.meta.dirname, "pg-clients-worker.ts");
  const { stdout } = await run(process.execPath, [...nodeFlags, worker, JSON.stringify(question)]);
  return JSON.parse(stdout) as TransactionRun;
}
