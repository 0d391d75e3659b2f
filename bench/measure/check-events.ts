import type { Bench } from "../bench.ts";
import { type BenchDatabase, rowsOf, withClient } from "../environment/bench-postgres.ts";
import { tenantCount } from "../environment/tenants.ts";

/** One event for each tenant. */
const seededEvents = tenantCount;

interface Found {
  readonly events: string;
  readonly amounts: string;
  readonly usages: string;
}

/**
 * Whether every acknowledged event is in its database, none beside them, and the counters are their sums: figures of a
 * server that loses or invents events are worth nothing.
 *
 * @returns what does not add up
 */
export async function findLostEvents(bench: Bench): Promise<string[]> {
  const problems: string[] = [];
  for (const [database, acknowledged] of bench.acknowledged) {
    const { name } = database;
    const { events, amounts, usages } = await countEvents(database);
    const expected = acknowledged + seededEvents;
    if (Number(events) !== expected) problems.push(`${name} holds ${events} events, ${expected} were acknowledged`);
    if (amounts !== usages) problems.push(`${name}: the counters say ${usages}, the events ${amounts}`);
  }
  return problems;
}

async function countEvents({ superuserUrl }: BenchDatabase): Promise<Found> {
  return await withClient(superuserUrl, async (client) => {
    const [found] = await rowsOf<Found>(
      client,
      `select count(*)::text as events, sum(amount)::text as amounts,
        (select sum(current_usage)::text from quota_usage_record) as usages from quota_usage_event`,
    );
    if (found === undefined) throw new Error("an aggregate answered no row");
    return found;
  });
}
