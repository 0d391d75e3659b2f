import type { ControlStore, ControlUnitOfWork } from "../control-unit-of-work.ts";
import { InMemoryChangeLog } from "./in-memory-change-log.ts";
import { InMemoryLimitOverrideRepository } from "./in-memory-limit-override-repository.ts";
import { InMemoryPlanRepository } from "./in-memory-plan-repository.ts";
import type { InMemoryStorage } from "./in-memory-storage.ts";
import { InMemorySubscriptionRepository } from "./in-memory-subscription-repository.ts";
import { TenantScope } from "./tenant-scope.ts";

export class InMemoryControlUnitOfWork implements ControlUnitOfWork {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  change<T>(tenantIds: readonly string[], work: (store: ControlStore) => Promise<T>): Promise<T> {
    return this.#transact(TenantScope.of(tenantIds), work);
  }

  readAllTenants<T>(work: (store: ControlStore) => Promise<T>): Promise<T> {
    return this.#transact(TenantScope.readingAllTenants, work);
  }

  #transact<T>(scope: TenantScope, work: (store: ControlStore) => Promise<T>): Promise<T> {
    return this.#storage.transact(scope, (transaction) =>
      work({
        plans: new InMemoryPlanRepository(transaction),
        subscriptions: new InMemorySubscriptionRepository(transaction),
        overrides: new InMemoryLimitOverrideRepository(transaction),
        changes: new InMemoryChangeLog(transaction),
        now: async () => this.#storage.now(),
      }),
    );
  }
}
