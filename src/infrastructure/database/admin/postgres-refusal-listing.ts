import type { FilterQuery, InferEntity } from "@mikro-orm/core";
import type { EntityManager } from "@mikro-orm/postgresql";
import type { UsageRefusal } from "../../../domain/usage-refusal.ts";
import type { RefusalFilter, RefusalListing, RefusalPosition } from "../../../repositories/admin/refusal-listing.ts";
import { UsageRefusalEntity } from "../entities/usage-refusal-entity.ts";
import { refusalOfEntity } from "../mappers/usage-refusal-mapper.ts";
import type { Transactions } from "../transactions.ts";
import { allTenants } from "./all-tenants.ts";

type Condition = FilterQuery<InferEntity<typeof UsageRefusalEntity>>;

/** Lists by keyset in two steps, the rest of the position's hour and then the hours before it. */
export class PostgresRefusalListing implements RefusalListing {
  readonly #transactions: Transactions;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  async list(
    filter: RefusalFilter,
    after: RefusalPosition | undefined,
    limit: number,
  ): Promise<readonly UsageRefusal[]> {
    return await this.#transactions.asReaderOfSnapshot(async ({ em }) => {
      const sameHour = after === undefined ? [] : await find(em, filter, [restOfHour(after)], limit);
      if (sameHour.length === limit) return sameHour;
      const earlier: Condition[] = after === undefined ? [] : [{ hour: { $lt: new Date(after.hour) } }];
      return [...sameHour, ...(await find(em, filter, earlier, limit - sameHour.length))];
    });
  }
}

async function find(
  em: EntityManager,
  filter: RefusalFilter,
  place: readonly Condition[],
  limit: number,
): Promise<UsageRefusal[]> {
  const refusals = await em.find(
    UsageRefusalEntity,
    { $and: [...conditionsOf(filter), ...place] },
    { orderBy: { hour: "desc", tenantId: "asc", metricCode: "asc" }, limit, ...allTenants },
  );
  return refusals.map(refusalOfEntity);
}

function conditionsOf({ tenantId, metricCode, hourFrom, hourBefore }: RefusalFilter): Condition[] {
  const conditions: Condition[] = [];
  if (tenantId !== undefined) conditions.push({ tenantId });
  if (metricCode !== undefined) conditions.push({ metricCode });
  if (hourFrom !== undefined) conditions.push({ hour: { $gte: new Date(hourFrom) } });
  if (hourBefore !== undefined) conditions.push({ hour: { $lt: new Date(hourBefore) } });
  return conditions;
}

function restOfHour({ hour, tenantId, metricCode }: RefusalPosition): Condition {
  return {
    hour: new Date(hour),
    // Said once more as a plain bound, at which the index is entered.
    tenantId: { $gte: tenantId },
    $or: [{ tenantId: { $gt: tenantId } }, { tenantId, metricCode: { $gt: metricCode } }],
  };
}
