import { type EntityManager, LockMode } from "@mikro-orm/postgresql";
import { PlanNotFoundError } from "../../../domain/errors/limit-lookup-errors.ts";
import type { Subscription } from "../../../domain/subscription.ts";
import type { SubscriptionFilter, SubscriptionRepository } from "../../../repositories/subscription-repository.ts";
import { codeOf } from "../database-errors.ts";
import { SubscriptionEntity } from "../entities/subscription-entity.ts";
import { tenantFilterName } from "../entities/tenant-table.ts";
import { subscriptionOfEntity } from "../mappers/control-mappers.ts";

const foreignKeyState = "23503";

export class PostgresSubscriptionRepository implements SubscriptionRepository {
  readonly #em: EntityManager;
  readonly #filters: { readonly [tenantFilterName]: boolean };

  /** @param allTenants true for the role that reads all tenants, for which the filter is turned off by name */
  constructor(em: EntityManager, allTenants: boolean) {
    this.#em = em;
    this.#filters = { [tenantFilterName]: !allTenants };
  }

  async find(tenantId: string): Promise<Subscription | undefined> {
    return await this.#findOne(tenantId, {});
  }

  async findForUpdate(tenantId: string): Promise<Subscription | undefined> {
    return await this.#findOne(tenantId, { lockMode: LockMode.PESSIMISTIC_WRITE });
  }

  async #findOne(
    tenantId: string,
    lock: { readonly lockMode?: LockMode.PESSIMISTIC_WRITE },
  ): Promise<Subscription | undefined> {
    const subscription = await this.#em.findOne(
      SubscriptionEntity,
      { tenantId },
      { ...lock, filters: this.#filters, refresh: true },
    );
    return subscription === null ? undefined : subscriptionOfEntity(subscription);
  }

  async list(filter: SubscriptionFilter, afterTenantId: string | undefined, limit: number): Promise<Subscription[]> {
    const subscriptions = await this.#em.find(
      SubscriptionEntity,
      {
        ...(filter.planCode === undefined ? {} : { plan: { code: filter.planCode } }),
        ...(afterTenantId === undefined ? {} : { tenantId: { $gt: afterTenantId } }),
      },
      { orderBy: { tenantId: "asc" }, limit, filters: this.#filters },
    );
    return subscriptions.map(subscriptionOfEntity);
  }

  async insert(subscription: Subscription): Promise<void> {
    await orPlanNotFound(subscription, () => this.#em.insert(SubscriptionEntity, rowOf(subscription)));
  }

  async put(subscription: Subscription): Promise<Subscription> {
    await orPlanNotFound(subscription, () =>
      this.#em.upsert(SubscriptionEntity, rowOf(subscription), { onConflictExcludeFields: ["createdAt"] }),
    );
    const stored = await this.find(subscription.tenantId);
    if (stored === undefined) throw new Error("a subscription that was just put is not there");
    return stored;
  }

  async delete(tenantId: string): Promise<void> {
    await this.#em.nativeDelete(SubscriptionEntity, { tenantId }, { filters: this.#filters });
  }
}

function rowOf(subscription: Subscription) {
  return {
    tenantId: subscription.tenantId,
    plan: subscription.planCode,
    timeZone: subscription.timeZone,
    anchor: subscription.anchor === undefined ? null : new Date(subscription.anchor),
    createdAt: new Date(subscription.createdAt),
    updatedAt: new Date(subscription.updatedAt),
  };
}

async function orPlanNotFound<T>(subscription: Subscription, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (codeOf(error) === foreignKeyState) throw new PlanNotFoundError(subscription.planCode);
    throw error;
  }
}
