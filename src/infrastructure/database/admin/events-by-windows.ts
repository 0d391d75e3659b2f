import { instantMaxMs } from "../../../domain/bounds.ts";
import { eventIdInstant } from "../../../domain/event-id.ts";
import type { UsageEvent } from "../../../domain/usage-event.ts";
import type { EventPosition, TenantsEventFilter } from "../../../repositories/admin/tenants-event-listing.ts";
import { clockMillisecondsSql, type DatabaseClock } from "../database-clock.ts";
import type { OpenTransaction } from "../transactions.ts";
import { type EventRow, eventOf, eventRowColumnsSql } from "../usage/event-rows.ts";
import { type WalkSpan, type WalkWindow, WindowWalk, windowEventsMax } from "./window-walk.ts";

/** $1 and $2 the window, $3 and $4 the position or null, $5 how many events may be looked at, $6 how many are wanted. */
const windowSql = (sort: "asc" | "desc", follows: "<" | ">") => `
  with seen as materialized (
    select e.tenant_id, e.id from quota_usage_event e
      where e.created_at >= $1::timestamptz and e.created_at < $2::timestamptz
        and ($3::uuid is null or (e.id, e.tenant_id) ${follows} ($3::uuid, $4::uuid))
      limit $5
  ), page as materialized (select * from seen order by id ${sort}, tenant_id ${sort} limit $6)
  select c.seen, e.* from (select count(*)::int as seen from seen) c left join (
      select ${eventRowColumnsSql} from page p join quota_usage_event e on e.tenant_id = p.tenant_id and e.id = p.id
    ) e on true
    order by e.id ${sort}, e.tenant_id ${sort}`;

const newestFirstSql = windowSql("desc", "<");
const oldestFirstSql = windowSql("asc", ">");

type WindowRow = { readonly seen: number } & (EventRow | { readonly id: null });

/**
 * All tenants' events, by windows of time that the BRIN index of `created_at` finds in the table: they widen until the page is
 * full. Events are stored in the order of time but for the overlap of transactions, so a window's events lie together.
 */
export async function readByWindows(
  transaction: OpenTransaction,
  clock: DatabaseClock,
  filter: TenantsEventFilter,
  after: EventPosition | undefined,
  limit: number,
): Promise<UsageEvent[]> {
  const span = await readSpan(transaction, clock, filter, after);
  if (span === undefined) return [];
  // A planner that takes a window for large would read the table from its beginning, all that lies before the window included.
  await transaction.query("set local enable_seqscan = off", []);
  const walk = new WindowWalk(span);
  const events: UsageEvent[] = [];
  for (let window = walk.window; window !== undefined && events.length < limit; window = walk.window) {
    const { seen, found } = await readWindow(transaction, span, window, after, limit - events.length);
    if (window.mayNarrow && seen > windowEventsMax) {
      walk.narrow();
    } else {
      events.push(...found);
      walk.advance(seen);
    }
  }
  return events;
}

async function readWindow(
  transaction: OpenTransaction,
  { isNewestFirst }: WalkSpan,
  { from, before, mayNarrow }: WalkWindow,
  after: EventPosition | undefined,
  limit: number,
): Promise<{ readonly seen: number; readonly found: UsageEvent[] }> {
  const rows = await transaction.query<WindowRow>(isNewestFirst ? newestFirstSql : oldestFirstSql, [
    new Date(from),
    new Date(before),
    after?.id ?? null,
    after?.tenantId ?? null,
    mayNarrow ? windowEventsMax + 1 : null,
    limit,
  ]);
  return { seen: rows[0]?.seen ?? 0, found: rows.flatMap((row) => (row.id === null ? [] : [eventOf(row)])) };
}

/** What the filter admits and the reader has not passed. No event is older than the oldest counter. */
async function readSpan(
  transaction: OpenTransaction,
  clock: DatabaseClock,
  { createdFrom = 0, createdBefore = instantMaxMs, order }: TenantsEventFilter,
  after: EventPosition | undefined,
): Promise<WalkSpan | undefined> {
  const [row] = await transaction.query<{ readonly now: string; readonly oldest: string | null }>(
    `select ${clockMillisecondsSql(clock)} as now,
      (select floor(extract(epoch from min(created_at)) * 1000)::bigint::text from quota_usage_record) as oldest`,
    [],
  );
  if (row === undefined || row.oldest === null) return undefined;
  const span = { isNewestFirst: order === "NEWEST_FIRST", now: Number(row.now) };
  const from = Math.max(Number(row.oldest), createdFrom);
  if (after === undefined) return { ...span, from, before: createdBefore };
  const reached = eventIdInstant(after.id);
  return span.isNewestFirst
    ? { ...span, from, before: Math.min(createdBefore, reached + 1) }
    : { ...span, from: Math.max(from, reached), before: createdBefore };
}
