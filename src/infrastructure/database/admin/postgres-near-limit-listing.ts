import type { LimitEnforcement } from "../../../domain/limit-enforcement.ts";
import type { LimitSource } from "../../../domain/limit-source.ts";
import type { PeriodKind } from "../../../domain/period-kind.ts";
import type { TenantUsage } from "../../../domain/tenant-usage.ts";
import type {
  NearLimitFilter,
  NearLimitListing,
  NearLimitPosition,
} from "../../../repositories/admin/near-limit-listing.ts";
import type { DatabaseClock } from "../database-clock.ts";
import { readNow } from "../read-now.ts";
import type { Transactions } from "../transactions.ts";
import { millisecondsSql } from "../usage/record-rows.ts";

interface NearLimitRow {
  readonly tenant_id: string;
  readonly metric_code: string;
  readonly current_usage: string;
  readonly quota_limit: string;
  readonly enforcement: LimitEnforcement;
  readonly limit_source: LimitSource;
  readonly plan_code: string;
  readonly period_kind: PeriodKind;
  readonly period_start: string;
  readonly period_end: string;
}

/**
 * Everything that R3 says about a tenant's own limit, in one statement over the counters that have not ended. $1 now, $2
 * metric code or null, $3 percent, $4 to $6 the position, $7 how many.
 *
 * A counter's clock is never below its last event (R9): after the database's clock stepped back over a boundary, two records
 * of a counter have not ended, and only the later is open. `ahead` is empty otherwise, which costs less than to ask for each
 * counter. What is compared with $3 stays below 2^63: limits are below 2^53.
 */
const nearLimitSql = `
  with ahead as materialized (
    select r.tenant_id, r.metric_code, r.last_event_at from quota_usage_record r
      where r.period_end > $1::timestamptz and r.last_event_at > $1::timestamptz
  ), counter as (
    select r.tenant_id, r.metric_code, r.period_kind, r.period_start, r.period_end, r.current_usage,
      case when o.tenant_id is null then l.quota_limit else o.quota_limit end as quota_limit,
      coalesce(o.enforcement, l.enforcement) as enforcement, l.plan_code,
      case when o.tenant_id is not null then 'OVERRIDE' when s.tenant_id is not null then 'SUBSCRIBED_PLAN'
        else 'DEFAULT_PLAN' end as limit_source
    from quota_usage_record r
      left join quota_subscription s on s.tenant_id = r.tenant_id
      join quota_plan_limit l on l.metric_code = r.metric_code and l.period_kind = r.period_kind
        and l.plan_code = coalesce(s.plan_code, (select code from quota_plan where is_default))
      left join quota_limit_override o on o.tenant_id = r.tenant_id and o.metric_code = r.metric_code
        and (o.expires_at is null or o.expires_at > greatest($1::timestamptz, r.last_event_at))
    where r.period_end > $1::timestamptz and ($2::text is null or r.metric_code = $2::text)
  ), used as (
    select c.*, c.current_usage::float8 / greatest(c.quota_limit, 1)::float8 as share from counter c
      where c.current_usage * 100 >= $3::bigint * greatest(c.quota_limit, 1) and c.quota_limit is not null
  )
  select u.tenant_id, u.metric_code, u.current_usage, u.quota_limit, u.enforcement, u.limit_source, u.plan_code,
      u.period_kind, ${millisecondsSql("u.period_start")} as period_start, ${millisecondsSql("u.period_end")} as period_end
    from used u
    where ($4::float8 is null or u.share < $4::float8
        or u.share = $4::float8 and (u.tenant_id, u.metric_code) > ($5::uuid, $6::text))
      and not exists (select from ahead x where x.tenant_id = u.tenant_id and x.metric_code = u.metric_code
        and x.last_event_at >= u.period_end)
    order by u.share desc, u.tenant_id, u.metric_code limit $7`;

export class PostgresNearLimitListing implements NearLimitListing {
  readonly #transactions: Transactions;
  readonly #clock: DatabaseClock;

  constructor(transactions: Transactions, clock: DatabaseClock) {
    this.#transactions = transactions;
    this.#clock = clock;
  }

  async list(
    filter: NearLimitFilter,
    after: NearLimitPosition | undefined,
    limit: number,
  ): Promise<readonly TenantUsage[]> {
    return await this.#transactions.asReaderOfSnapshot(async (transaction) => {
      const now = await readNow(transaction, this.#clock);
      const rows = await transaction.query<NearLimitRow>(nearLimitSql, [
        new Date(now),
        filter.metricCode ?? null,
        filter.minPercentUsed,
        after?.share ?? null,
        after?.tenantId ?? null,
        after?.metricCode ?? null,
        limit,
      ]);
      return rows.map(tenantUsageOf);
    });
  }
}

function tenantUsageOf(row: NearLimitRow): TenantUsage {
  return {
    tenantId: row.tenant_id,
    status: {
      metricCode: row.metric_code,
      current: BigInt(row.current_usage),
      limit: BigInt(row.quota_limit),
      enforcement: row.enforcement,
      periodKind: row.period_kind,
      periodStart: Number(row.period_start),
      periodEnd: Number(row.period_end),
      planCode: row.plan_code,
      limitSource: row.limit_source,
    },
  };
}
