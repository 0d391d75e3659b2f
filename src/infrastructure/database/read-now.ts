import type { EpochMilliseconds } from "../../domain/instant.ts";
import { clockMillisecondsSql, type DatabaseClock } from "./database-clock.ts";
import type { OpenTransaction } from "./transactions.ts";

export async function readNow(transaction: OpenTransaction, clock: DatabaseClock): Promise<EpochMilliseconds> {
  const [row] = await transaction.query<{ readonly now: string }>(`select ${clockMillisecondsSql(clock)} as now`, []);
  if (row === undefined) throw new Error("a select without a table answered no row");
  return Number(row.now);
}
