import { PlanNotFoundError } from "../../domain/errors/limit-lookup-errors.ts";
import type { Subscription } from "../../domain/subscription.ts";
import { ConcurrentChangeError } from "../storage-errors.ts";
import type { SubscriptionFilter, SubscriptionRepository } from "../subscription-repository.ts";
import type { InMemoryTransaction } from "./in-memory-transaction.ts";
import { sortedPage } from "./sorted-page.ts";

export class InMemorySubscriptionRepository implements SubscriptionRepository {
  readonly #transaction: InMemoryTransaction;

  constructor(transaction: InMemoryTransaction) {
    this.#transaction = transaction;
  }

  async find(tenantId: string): Promise<Subscription | undefined> {
    return this.#transaction.subscriptions.get(tenantId);
  }

  /** Needs no lock: the storage runs one transaction at a time. */
  async findForUpdate(tenantId: string): Promise<Subscription | undefined> {
    return await this.find(tenantId);
  }

  async list(filter: SubscriptionFilter, afterTenantId: string | undefined, limit: number): Promise<Subscription[]> {
    const rows = [...this.#transaction.subscriptions.values()].filter(
      ({ planCode }) => filter.planCode === undefined || planCode === filter.planCode,
    );
    return sortedPage(rows, ({ tenantId }) => tenantId, afterTenantId, limit);
  }

  async insert(subscription: Subscription): Promise<void> {
    this.#transaction.change(() => {
      const { tenantId, planCode } = subscription;
      if (this.#transaction.plans.get(planCode) === undefined) throw new PlanNotFoundError(planCode);
      if (this.#transaction.subscriptions.get(tenantId) !== undefined) {
        throw new ConcurrentChangeError(`tenant ${tenantId} has a subscription`);
      }
      this.#transaction.subscriptions.set(tenantId, subscription);
    });
  }

  async put(subscription: Subscription): Promise<Subscription> {
    return this.#transaction.change(() => {
      const { tenantId, planCode } = subscription;
      if (this.#transaction.plans.get(planCode) === undefined) throw new PlanNotFoundError(planCode);
      const createdAt = this.#transaction.subscriptions.get(tenantId)?.createdAt ?? subscription.createdAt;
      const stored = { ...subscription, createdAt };
      this.#transaction.subscriptions.set(tenantId, stored);
      return stored;
    });
  }

  async delete(tenantId: string): Promise<void> {
    this.#transaction.change(() => this.#transaction.subscriptions.delete(tenantId));
  }
}
