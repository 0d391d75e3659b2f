import type { FilterQuery, InferEntity } from "@mikro-orm/core";
import type { ControlChange } from "../../../domain/control-change.ts";
import { eventIdFloor } from "../../../domain/event-id.ts";
import type { ChangeFilter, ChangeListing } from "../../../repositories/admin/change-listing.ts";
import { ControlChangeEntity } from "../entities/control-change-entity.ts";
import { changeOfEntity } from "../mappers/control-change-mapper.ts";
import type { Transactions } from "../transactions.ts";
import { allTenants } from "./all-tenants.ts";

type Condition = FilterQuery<InferEntity<typeof ControlChangeEntity>>;

export class PostgresChangeListing implements ChangeListing {
  readonly #transactions: Transactions;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  async list(filter: ChangeFilter, afterId: string | undefined, limit: number): Promise<readonly ControlChange[]> {
    return await this.#transactions.asReader(async ({ em }) => {
      const changes = await em.find(
        ControlChangeEntity,
        { $and: conditionsOf(filter, afterId) },
        { orderBy: { id: filter.order === "OLDEST_FIRST" ? "asc" : "desc" }, limit, ...allTenants },
      );
      return changes.map(changeOfEntity);
    });
  }
}

/** Bounds of time are bounds of ids, which carry it, so that one index serves order and range. */
function conditionsOf(filter: ChangeFilter, afterId: string | undefined): Condition[] {
  const { objectKind, objectId, tenantId, actorKeyId, createdFrom, createdBefore, order } = filter;
  const conditions: Condition[] = [];
  if (objectKind !== undefined) conditions.push({ objectKind });
  if (objectId !== undefined) conditions.push({ objectId });
  if (tenantId !== undefined) conditions.push({ tenantId });
  if (actorKeyId !== undefined) conditions.push({ actorKeyId });
  if (createdFrom !== undefined) conditions.push({ id: { $gte: eventIdFloor(createdFrom) } });
  if (createdBefore !== undefined) conditions.push({ id: { $lt: eventIdFloor(createdBefore) } });
  if (afterId !== undefined) conditions.push({ id: order === "OLDEST_FIRST" ? { $gt: afterId } : { $lt: afterId } });
  return conditions;
}
