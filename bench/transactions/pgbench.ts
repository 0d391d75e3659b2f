import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventStatements } from "./statements.ts";
import type { TransactionQuestion, TransactionRun } from "./transaction-run.ts";

const run = promisify(execFile);

/** More threads than cores gain nothing, and pgbench needs little. */
const threads = 2;

export async function pgbenchVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await run("pgbench", ["--version"]);
    return stdout.trim();
  } catch {
    return undefined;
  }
}

/** PostgreSQL's own load generator, with prepared statements, which is the fastest that it has. */
export async function runPgbench(question: TransactionQuestion): Promise<TransactionRun> {
  const { url, tenants, clients, seconds } = question;
  const folder = await mkdtemp(join(tmpdir(), "quota-bench-"));
  try {
    const script = join(folder, "event.sql");
    await writeFile(script, scriptOf(question));
    const { stdout } = await run("pgbench", [
      "--no-vacuum",
      "--protocol=prepared",
      `--define=tenants=${tenants}`,
      `--client=${clients}`,
      `--jobs=${Math.min(threads, clients)}`,
      `--time=${seconds}`,
      `--file=${script}`,
      url,
    ]);
    const transactions = numberIn(stdout, /actually processed: (\d+)/);
    const perSecond = numberIn(stdout, /tps = ([\d.]+) \(without initial connection time\)/);
    return {
      transactions,
      seconds: transactions / perSecond,
      meanMs: numberIn(stdout, /latency average = ([\d.]+) ms/),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function scriptOf({ period }: TransactionQuestion): string {
  const { update, insert } = eventStatements(
    { tenant: ":tenant", usage: ":current_usage", sequence: ":last_sequence", eventId: ":last_event_id" },
    period,
  );
  return `\\set tenant random(1, :tenants)\nbegin;\n${update} \\gset\n${insert};\nend;\n`;
}

function numberIn(text: string, pattern: RegExp): number {
  const [, found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`pgbench did not say ${pattern.source}:\n${text}`);
  return Number(found);
}
