import type { CounterKey } from "../../domain/counter-key.ts";
import type { UsageLedger, UsageUnitOfWork } from "../usage-unit-of-work.ts";
import type { InMemoryStorage } from "./in-memory-storage.ts";
import { InMemoryUsageLedger } from "./in-memory-usage-ledger.ts";
import { TenantScope } from "./tenant-scope.ts";

export class InMemoryUsageUnitOfWork implements UsageUnitOfWork {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  run<T>(tenantIds: readonly string[], work: (ledger: UsageLedger) => Promise<T>): Promise<T> {
    return this.#storage.transact(TenantScope.of(tenantIds), (transaction) =>
      work(new InMemoryUsageLedger(transaction, this.#storage.now)),
    );
  }

  /** One unit of work runs after the other here, so that none finds a counter held. */
  async findBlocked(): Promise<readonly CounterKey[]> {
    return [];
  }
}
