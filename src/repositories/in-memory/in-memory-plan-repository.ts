import { PlanInUseError } from "../../domain/errors/plan-errors.ts";
import type { Plan } from "../../domain/plan.ts";
import type { PlanRepository } from "../plan-repository.ts";
import { ConcurrentChangeError } from "../storage-errors.ts";
import type { InMemoryTransaction } from "./in-memory-transaction.ts";
import { sortedPage } from "./sorted-page.ts";

/** Needs no locks of its own: the storage runs one transaction at a time. */
export class InMemoryPlanRepository implements PlanRepository {
  readonly #transaction: InMemoryTransaction;

  constructor(transaction: InMemoryTransaction) {
    this.#transaction = transaction;
  }

  async find(code: string): Promise<Plan | undefined> {
    return this.#transaction.plans.get(code);
  }

  async findForUpdate(code: string): Promise<Plan | undefined> {
    return await this.find(code);
  }

  async findDefault(): Promise<Plan | undefined> {
    return [...this.#transaction.plans.values()].find((plan) => plan.isDefault);
  }

  async findDefaultForUpdate(): Promise<Plan | undefined> {
    return await this.findDefault();
  }

  async list(afterCode: string | undefined, limit: number): Promise<Plan[]> {
    return sortedPage(this.#transaction.plans.values(), (plan) => plan.code, afterCode, limit);
  }

  async insert(plan: Plan): Promise<void> {
    this.#transaction.change(() => {
      if (this.#transaction.plans.get(plan.code) !== undefined) throw new ConcurrentChangeError("the code is taken");
      this.#set(plan);
    });
  }

  async replace(plan: Plan): Promise<void> {
    this.#transaction.change(() => {
      const existing = this.#transaction.plans.get(plan.code);
      if (existing === undefined) throw new Error("a replaced plan must exist");
      this.#set({ ...plan, createdAt: existing.createdAt });
    });
  }

  async delete(code: string): Promise<void> {
    this.#transaction.change(() => {
      const isUsed = this.#transaction.subscriptions.holdsAnyTenants(({ planCode }) => planCode === code);
      if (isUsed) throw new PlanInUseError(code, "SUBSCRIBED");
      this.#transaction.plans.delete(code);
    });
  }

  #set(plan: Plan): void {
    const isOtherDefault = (other: Plan) => other.isDefault && other.code !== plan.code;
    if (plan.isDefault && [...this.#transaction.plans.values()].some(isOtherDefault)) {
      throw new ConcurrentChangeError("there is another default plan");
    }
    this.#transaction.plans.set(plan.code, plan);
  }
}
