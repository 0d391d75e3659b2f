import pg from "pg";
import { eventStatements } from "./statements.ts";
import type { TransactionQuestion, TransactionRun } from "./transaction-run.ts";

/** Runs what its argument asks for and prints a TransactionRun. */

/** Compiled code and parsed statements, as the servers have them that this is compared with. */
const warmUpMs = 1_000;

interface Counted {
  readonly current_usage: string;
  readonly last_sequence: string;
  readonly last_event_id: string;
}

async function recordOne(client: pg.Client, tenant: number, { update, insert }: Record<string, string>): Promise<void> {
  await client.query("begin");
  const { rows } = await client.query<Counted>({ name: "update", text: update ?? "", values: [tenant] });
  const [counted] = rows;
  if (counted === undefined) throw new Error(`tenant ${tenant} has no counter`);
  const values = [tenant, counted.last_event_id, counted.last_sequence, counted.current_usage];
  await client.query({ name: "insert", text: insert ?? "", values });
  await client.query("commit");
}

async function main(question: TransactionQuestion): Promise<TransactionRun> {
  const { url, tenants, seconds, period } = question;
  const statements = eventStatements({ tenant: "$1", eventId: "$2", sequence: "$3", usage: "$4" }, period);
  const clients = Array.from({ length: question.clients }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const recordUntil = async (endsAt: number): Promise<number> => {
    let transactions = 0;
    await Promise.all(
      clients.map(async (client) => {
        while (performance.now() < endsAt) {
          await recordOne(client, 1 + Math.floor(Math.random() * tenants), statements);
          transactions += 1;
        }
      }),
    );
    return transactions;
  };
  const warmUp = await recordUntil(performance.now() + warmUpMs);
  const begunAt = performance.now();
  const transactions = await recordUntil(begunAt + seconds * 1_000);
  const spentMs = performance.now() - begunAt;
  await Promise.all(clients.map((client) => client.end()));
  return {
    transactions,
    unmeasured: warmUp,
    seconds: spentMs / 1_000,
    meanMs: (spentMs * clients.length) / transactions,
  };
}

const [, , argument = ""] = process.argv;
process.stdout.write(JSON.stringify(await main(JSON.parse(argument) as TransactionQuestion)));
