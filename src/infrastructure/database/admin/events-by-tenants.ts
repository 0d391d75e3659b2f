import { instantMaxMs } from "../../../domain/bounds.ts";
import { eventIdInstant } from "../../../domain/event-id.ts";
import type { UsageEvent } from "../../../domain/usage-event.ts";
import type { EventPosition, TenantsEventFilter } from "../../../repositories/admin/tenants-event-listing.ts";
import type { OpenTransaction } from "../transactions.ts";
import { type EventRow, eventOf, eventRowColumnsSql } from "../usage/event-rows.ts";

/** The direction of a listing in SQL's words. */
interface Direction {
  readonly sort: "asc" | "desc";
  /** What follows compares so with what came before. */
  readonly follows: "<" | ">";
  /** What does not lie beyond an instant compares so with it. */
  readonly within: ">=" | "<=";
  /** An instant beyond which nothing lies. */
  readonly end: "-infinity" | "infinity";
}

const newestFirst: Direction = { sort: "desc", follows: "<", within: ">=", end: "-infinity" };
const oldestFirst: Direction = { sort: "asc", follows: ">", within: "<=", end: "infinity" };

const newestFirstSql = byTenantsSql(newestFirst);
const oldestFirstSql = byTenantsSql(oldestFirst);

/**
 * $1 metric code, $2 and $3 the range of time, $4 and $5 the position or null, $6 how many.
 *
 * With as many tenants as the page has places, nothing of the page lies beyond the last one's next event, so no tenant is read
 * beyond that.
 */
function byTenantsSql({ sort, follows, within, end }: Direction): string {
  const matches = `e.metric_code = $1::text and e.created_at >= $2::timestamptz and e.created_at < $3::timestamptz
    and ($4::uuid is null or (e.id, e.tenant_id) ${follows} ($4::uuid, $5::uuid))`;
  return `
  with tenant as materialized (
    select distinct r.tenant_id from quota_usage_record r
      where r.metric_code = $1::text and r.created_at < $3::timestamptz and r.last_event_at >= $2::timestamptz
  ), next as materialized (
    select e.* from tenant t cross join lateral (
        select e.tenant_id, e.id, e.created_at from quota_usage_event e
          where e.tenant_id = t.tenant_id and ${matches}
          order by e.created_at ${sort}, e.id ${sort} limit 1) e
      order by e.id ${sort}, e.tenant_id ${sort} limit $6
  ), last as materialized (
    select coalesce((select n.created_at from next n order by n.id ${sort}, n.tenant_id ${sort} offset $6 - 1 limit 1),
      '${end}') as created_at
  ), key as materialized (
    select e.* from next n cross join last cross join lateral (
        select e.tenant_id, e.id from quota_usage_event e
          where e.tenant_id = n.tenant_id and ${matches} and e.created_at ${within} last.created_at
          order by e.created_at ${sort}, e.id ${sort} limit $6) e
      order by e.id ${sort}, e.tenant_id ${sort} limit $6
  )
  select ${eventRowColumnsSql} from key k join quota_usage_event e on e.tenant_id = k.tenant_id and e.id = k.id
    order by e.id ${sort}, e.tenant_id ${sort}`;
}

/**
 * One metric's events of all tenants: the next one of each tenant that uses the metric, and from the tenants whose next ones
 * come first the whole page. One descent of an index for each tenant, however many events there are.
 */
export async function readByTenants(
  transaction: OpenTransaction,
  filter: TenantsEventFilter & { readonly metricCode: string },
  after: EventPosition | undefined,
  limit: number,
): Promise<UsageEvent[]> {
  const isNewestFirst = filter.order === "NEWEST_FIRST";
  const reached = after === undefined ? undefined : eventIdInstant(after.id);
  // The position as a range of time too, so that the index is entered at it.
  const from = Math.max(filter.createdFrom ?? 0, isNewestFirst ? 0 : (reached ?? 0));
  const before = Math.min(
    filter.createdBefore ?? instantMaxMs,
    isNewestFirst && reached !== undefined ? reached + 1 : instantMaxMs,
  );
  const rows = await transaction.query<EventRow>(isNewestFirst ? newestFirstSql : oldestFirstSql, [
    filter.metricCode,
    new Date(from),
    new Date(before),
    after?.id ?? null,
    after?.tenantId ?? null,
    limit,
  ]);
  return rows.map(eventOf);
}
