import type { FilterQuery, InferEntity, QueryOrderMap } from "@mikro-orm/core";
import { eventIdFloor, eventIdInstant } from "../../../domain/event-id.ts";
import type { UsageEvent } from "../../../domain/usage-event.ts";
import type { EventFilter, UsageEventRepository } from "../../../repositories/usage-event-repository.ts";
import { UsageEventEntity } from "../entities/usage-event-entity.ts";
import { eventOfEntity } from "../mappers/usage-event-mapper.ts";
import type { Transactions } from "../transactions.ts";

type EventEntity = InferEntity<typeof UsageEventEntity>;

/** Lists by keyset, so that a deep page costs what the first does. */
export class PostgresUsageEventRepository implements UsageEventRepository {
  readonly #transactions: Transactions;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  async list(filter: EventFilter, afterId: string | undefined, limit: number): Promise<UsageEvent[]> {
    return await this.#transactions.asApp([filter.tenantId], async ({ em }) => {
      const events = await em.find(UsageEventEntity, conditionOf(filter, afterId), {
        orderBy: orderOf(filter),
        limit,
      });
      return events.map(eventOfEntity);
    });
  }
}

/**
 * An event's time is the time in its id (R8), so the order of ids is the order of (time, id). Tenant-wide the primary key
 * serves it; within one metric the index on time and id does, and needs the time named.
 */
function orderOf(filter: EventFilter): QueryOrderMap<EventEntity> {
  const direction = filter.order === "OLDEST_FIRST" ? "asc" : "desc";
  return filter.metricCode === undefined ? { id: direction } : { createdAt: direction, id: direction };
}

function conditionOf(filter: EventFilter, afterId: string | undefined): FilterQuery<EventEntity> {
  const { tenantId, metricCode, createdFrom, createdBefore } = filter;
  const oldestFirst = filter.order === "OLDEST_FIRST";
  const bounds: FilterQuery<EventEntity>[] = [];
  if (createdFrom !== undefined) bounds.push(fromInstant(createdFrom));
  if (createdBefore !== undefined) bounds.push(beforeInstant(createdBefore));
  if (afterId !== undefined) bounds.push(oldestFirst ? afterEvent(afterId) : beforeEvent(afterId));
  return { tenantId, ...(metricCode === undefined ? {} : { metricCode }), $and: bounds };
}

/** Each bound is said twice, by id and by time: whichever index serves the order then begins and ends at it. */
function fromInstant(instant: number): FilterQuery<EventEntity> {
  return { id: { $gte: eventIdFloor(instant) }, createdAt: { $gte: new Date(instant) } };
}

function beforeInstant(instant: number): FilterQuery<EventEntity> {
  return { id: { $lt: eventIdFloor(instant) }, createdAt: { $lt: new Date(instant) } };
}

function afterEvent(id: string): FilterQuery<EventEntity> {
  return { id: { $gt: id }, createdAt: { $gte: new Date(eventIdInstant(id)) } };
}

function beforeEvent(id: string): FilterQuery<EventEntity> {
  return { id: { $lt: id }, createdAt: { $lte: new Date(eventIdInstant(id)) } };
}
