import type { UsageEvent } from "../../gen/quota/v1/usage_pb.ts";
import { EventOrder } from "../../gen/quota/v1/usage_pb.ts";
import type { TestApp } from "../support/test-app.ts";
import { asSuperuser } from "./stored-rows.ts";

/** Steps over the wire that the tests of counting, periods and listing share. */

type RecordRequest = Parameters<TestApp["quota"]["recordUsage"]>[0];
type ListRequest = Parameters<TestApp["quota"]["listEvents"]>[0];

/** Records, one unit unless the request says otherwise, and gives the event of the answer. */
export async function record(app: TestApp, request: RecordRequest): Promise<UsageEvent> {
  const { event } = await app.quota.recordUsage({ amount: 1n, ...request });
  if (event === undefined) throw new Error("RecordUsage answered without an event");
  return event;
}

/**
 * Every event that the request matches, page after page.
 *
 * @param sizes of the pages, taken in turn
 */
export async function readPages(
  app: TestApp,
  request: ListRequest,
  sizes: readonly [number, ...number[]] = [1_000],
): Promise<UsageEvent[][]> {
  const pages: UsageEvent[][] = [];
  let pageToken = "";
  do {
    const pageSize = sizes[pages.length % sizes.length] ?? sizes[0];
    const page = await app.quota.listEvents({ ...request, pageSize, pageToken });
    pages.push(page.events);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return pages;
}

/** Oldest first. */
export async function allEvents(app: TestApp, tenantId: string): Promise<UsageEvent[]> {
  return (await readPages(app, { tenantId, order: EventOrder.OLDEST_FIRST })).flat();
}

export function epochMs(text: string): number {
  return Temporal.Instant.from(text).epochMilliseconds;
}

/** The millisecond that a UUIDv7 carries in its first 48 bits (RFC 9562 §5.7). */
export function idMs(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}

export function idsOf(events: readonly UsageEvent[]): string[] {
  return events.map((event) => event.id);
}

/**
 * Resolves once so many sessions of the database wait for a lock, which is how a call is seen to be under way. Asks on
 * a connection of its own, because within a transaction PostgreSQL shows the activity of its start.
 */
export async function untilBlocked(app: TestApp, sessions: number, signal?: AbortSignal): Promise<void> {
  await asSuperuser(app.database, async (client) => {
    while (signal?.aborted !== true) {
      const { rows } = await client.query(
        `select count(*)::int as blocked from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rows[0].blocked >= sessions) return;
    }
  });
}

/** Waits for the work, or only until it is seen to wait for a lock as one of so many sessions. */
export async function untilDoneOrBlocked(app: TestApp, work: Promise<unknown>, sessions: number): Promise<void> {
  const done = new AbortController();
  const settled = work.then(
    () => done.abort(),
    () => done.abort(),
  );
  await Promise.race([settled, untilBlocked(app, sessions, done.signal)]);
}
