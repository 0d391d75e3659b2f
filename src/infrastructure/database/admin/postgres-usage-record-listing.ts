import type { FilterQuery, InferEntity, QueryOrderMap } from "@mikro-orm/core";
import type { EntityManager } from "@mikro-orm/postgresql";
import type { UsageRecord } from "../../../domain/usage-record.ts";
import {
  isFalling,
  type UsageRecordFilter,
  type UsageRecordListing,
  type UsageRecordOrder,
  type UsageRecordPosition,
} from "../../../repositories/admin/usage-record-listing.ts";
import { UsageRecordEntity } from "../entities/usage-record-entity.ts";
import { recordOfEntity } from "../mappers/usage-record-mapper.ts";
import type { Transactions } from "../transactions.ts";
import { allTenants } from "./all-tenants.ts";

type RecordEntity = InferEntity<typeof UsageRecordEntity>;
type Condition = FilterQuery<RecordEntity>;

/** By which column each order sorts first. */
const sortedColumns = {
  NEWEST_FIRST: "createdAt",
  OLDEST_FIRST: "createdAt",
  PERIOD_END_LATEST_FIRST: "periodEnd",
  PERIOD_END_EARLIEST_FIRST: "periodEnd",
  USAGE_HIGHEST_FIRST: "currentUsage",
  USAGE_LOWEST_FIRST: "currentUsage",
} as const satisfies Record<UsageRecordOrder, keyof RecordEntity>;

/**
 * Lists by keyset, in two steps: first what equals the position in the sorted column, then what follows it. In one condition
 * with an "or" an index could not be entered at the position, and a month's end has as many records as there are counters.
 */
export class PostgresUsageRecordListing implements UsageRecordListing {
  readonly #transactions: Transactions;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  async list(
    filter: UsageRecordFilter,
    after: UsageRecordPosition | undefined,
    limit: number,
  ): Promise<readonly UsageRecord[]> {
    return await this.#transactions.asReaderOfSnapshot(async ({ em }) => {
      const equal = after === undefined ? [] : await find(em, filter, equalTo(filter.order, after), limit);
      if (equal.length === limit) return equal;
      const following = after === undefined ? [] : [beyond(filter.order, after)];
      return [...equal, ...(await find(em, filter, following, limit - equal.length))];
    });
  }
}

async function find(
  em: EntityManager,
  filter: UsageRecordFilter,
  place: readonly Condition[],
  limit: number,
): Promise<UsageRecord[]> {
  const records = await em.find(
    UsageRecordEntity,
    { $and: [...conditionsOf(filter), ...place] },
    { orderBy: orderOf(filter.order), limit, ...allTenants },
  );
  return records.map(recordOfEntity);
}

function conditionsOf(filter: UsageRecordFilter): Condition[] {
  const { tenantId, metricCode, periodEndFrom, periodEndBefore, createdFrom, createdBefore } = filter;
  const conditions: Condition[] = [];
  if (tenantId !== undefined) conditions.push({ tenantId });
  if (metricCode !== undefined) conditions.push({ metricCode });
  if (periodEndFrom !== undefined) conditions.push({ periodEnd: { $gte: new Date(periodEndFrom) } });
  if (periodEndBefore !== undefined) conditions.push({ periodEnd: { $lt: new Date(periodEndBefore) } });
  if (createdFrom !== undefined) conditions.push({ createdAt: { $gte: new Date(createdFrom) } });
  if (createdBefore !== undefined) conditions.push({ createdAt: { $lt: new Date(createdBefore) } });
  return conditions;
}

function orderOf(order: UsageRecordOrder): QueryOrderMap<RecordEntity> {
  return { [sortedColumns[order]]: isFalling(order) ? "desc" : "asc", tenantId: "asc", id: "asc" };
}

function equalTo(order: UsageRecordOrder, { sortedBy, tenantId, id }: UsageRecordPosition): Condition[] {
  return [
    compared(order, "$eq", sortedBy),
    // Said once more as a plain bound, at which the index is entered.
    { tenantId: { $gte: tenantId } },
    { $or: [{ tenantId: { $gt: tenantId } }, { tenantId, id: { $gt: id } }] },
  ];
}

function beyond(order: UsageRecordOrder, { sortedBy }: UsageRecordPosition): Condition {
  return compared(order, isFalling(order) ? "$lt" : "$gt", sortedBy);
}

function compared(order: UsageRecordOrder, operator: "$eq" | "$lt" | "$gt", sortedBy: bigint): Condition {
  const column = sortedColumns[order];
  return { [column]: { [operator]: column === "currentUsage" ? sortedBy : new Date(Number(sortedBy)) } };
}
