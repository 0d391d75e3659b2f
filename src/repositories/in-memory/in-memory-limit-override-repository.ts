import { counterKeyText } from "../../domain/counter-key.ts";
import type { LimitOverride } from "../../domain/limit-override.ts";
import type {
  LimitOverrideFilter,
  LimitOverridePosition,
  LimitOverrideRepository,
} from "../limit-override-repository.ts";
import { ConcurrentChangeError } from "../storage-errors.ts";
import type { InMemoryTransaction } from "./in-memory-transaction.ts";
import { sortedPage } from "./sorted-page.ts";

export class InMemoryLimitOverrideRepository implements LimitOverrideRepository {
  readonly #transaction: InMemoryTransaction;

  constructor(transaction: InMemoryTransaction) {
    this.#transaction = transaction;
  }

  async find(position: LimitOverridePosition): Promise<LimitOverride | undefined> {
    return this.#transaction.overrides.get(counterKeyText(position));
  }

  /** Needs no lock: the storage runs one transaction at a time. */
  async findForUpdate(position: LimitOverridePosition): Promise<LimitOverride | undefined> {
    return await this.find(position);
  }

  async list(
    filter: LimitOverrideFilter,
    after: LimitOverridePosition | undefined,
    limit: number,
  ): Promise<LimitOverride[]> {
    const rows = [...this.#transaction.overrides.values()].filter(
      ({ tenantId }) => filter.tenantId === undefined || tenantId === filter.tenantId,
    );
    // Tenant ids are of one length, so the text of the key sorts by tenant id and then by metric code.
    return sortedPage(rows, counterKeyText, after === undefined ? undefined : counterKeyText(after), limit);
  }

  async insert(override: LimitOverride): Promise<void> {
    this.#transaction.change(() => {
      const key = counterKeyText(override);
      if (this.#transaction.overrides.get(key) !== undefined) throw new ConcurrentChangeError("there is an override");
      this.#transaction.overrides.set(key, override);
    });
  }

  async put(override: LimitOverride): Promise<LimitOverride> {
    return this.#transaction.change(() => {
      const key = counterKeyText(override);
      const createdAt = this.#transaction.overrides.get(key)?.createdAt ?? override.createdAt;
      const stored = { ...override, createdAt };
      this.#transaction.overrides.set(key, stored);
      return stored;
    });
  }

  async delete(position: LimitOverridePosition): Promise<void> {
    this.#transaction.change(() => this.#transaction.overrides.delete(counterKeyText(position)));
  }
}
