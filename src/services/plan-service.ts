import { PlanNotFoundError } from "../domain/errors/limit-lookup-errors.ts";
import { PlanExistsError, PlanInUseError, RevisionMismatchError } from "../domain/errors/plan-errors.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import { type Plan, type PlanDefinition, samePlanDefinition } from "../domain/plan.ts";
import type { ControlStore, ControlUnitOfWork } from "../repositories/control-unit-of-work.ts";
import type { Created } from "./created.ts";
import { type Page, type PageRequest, pageOf } from "./page.ts";
import type { Listing, PageTokens } from "./page-tokens.ts";
import { changeSafely, rerunAfterLostRace } from "./storage-failures.ts";

const listing: Listing = { name: "plans", filters: {} };

/** Plans and their limits. Every change holds from the next decision on, in every process (R5). */
export class PlanService {
  readonly #unitOfWork: ControlUnitOfWork;
  readonly #tokens: PageTokens;

  constructor(unitOfWork: ControlUnitOfWork, tokens: PageTokens) {
    this.#unitOfWork = unitOfWork;
    this.#tokens = tokens;
  }

  /**
   * Creating the identical plan again changes nothing and answers the existing one (R17). A plan created as the default
   * takes that from the plan that had it.
   *
   * @throws PlanExistsError when a different plan of the code exists
   */
  async createPlan(definition: PlanDefinition): Promise<Plan> {
    return await this.#change(true, async (store) => {
      const existing = await store.plans.findForUpdate(definition.code);
      if (existing !== undefined) {
        if (samePlanDefinition(existing, definition)) return existing;
        throw new PlanExistsError(existing.code, existing.revision);
      }
      const now = await store.now();
      if (definition.isDefault) await endOtherDefault(store, definition.code, now);
      const plan: Plan = { ...definition, revision: 1n, createdAt: now, updatedAt: now };
      await store.plans.insert(plan);
      return plan;
    });
  }

  /**
   * Creates the plan when its code is free, and otherwise leaves the one there is. Unlike `createPlan` it takes the default
   * from no other plan: with a default there, the new plan is created without.
   *
   * @returns the plan of the code, and whether this call created it
   */
  async createMissingPlan(definition: PlanDefinition): Promise<Created<Plan>> {
    return await this.#change(true, async (store) => {
      const existing = await store.plans.findForUpdate(definition.code);
      if (existing !== undefined) return { value: existing, isNew: false };
      const now = await store.now();
      const isDefault = definition.isDefault && (await store.plans.findDefaultForUpdate()) === undefined;
      const plan: Plan = { ...definition, isDefault, revision: 1n, createdAt: now, updatedAt: now };
      await store.plans.insert(plan);
      return { value: plan, isNew: true };
    });
  }

  /** @throws PlanNotFoundError */
  async getPlan(code: string): Promise<Plan> {
    const plan = await rerunAfterLostRace(() => this.#unitOfWork.readAllTenants((store) => store.plans.find(code)));
    if (plan === undefined) throw new PlanNotFoundError(code);
    return plan;
  }

  /** Ordered by code. @throws PageTokenInvalidError */
  async listPlans(page: PageRequest<Plan>): Promise<Page<Plan>> {
    const after = this.#tokens.read(listing, page.token);
    const plans = await rerunAfterLostRace(() =>
      this.#unitOfWork.readAllTenants((store) => store.plans.list(after, page.size + 1)),
    );
    return pageOf(plans, page, (last) => this.#tokens.issue(listing, last.code));
  }

  /**
   * Replaces the whole plan. With unchanged content nothing changes, the revision included.
   *
   * @param revision the one that the caller's change is based on
   * @throws PlanNotFoundError
   * @throws RevisionMismatchError when the plan has changed since
   */
  async updatePlan(definition: PlanDefinition, revision: bigint): Promise<Plan> {
    return await this.#change(false, async (store) => {
      const existing = await store.plans.findForUpdate(definition.code);
      if (existing === undefined) throw new PlanNotFoundError(definition.code);
      if (existing.revision !== revision) throw new RevisionMismatchError(definition.code, revision, existing.revision);
      if (samePlanDefinition(existing, definition)) return existing;
      const now = await store.now();
      if (definition.isDefault && !existing.isDefault) await endOtherDefault(store, definition.code, now);
      const plan: Plan = {
        ...definition,
        revision: existing.revision + 1n,
        createdAt: existing.createdAt,
        updatedAt: now,
      };
      await store.plans.replace(plan);
      return plan;
    });
  }

  /**
   * Deleting an absent plan changes nothing (R17).
   *
   * @throws PlanInUseError when it is the default or has subscriptions (R6)
   */
  async deletePlan(code: string): Promise<void> {
    await this.#change(true, async (store) => {
      const existing = await store.plans.findForUpdate(code);
      if (existing?.isDefault === true) throw new PlanInUseError(code, "DEFAULT");
      if (existing !== undefined) await store.plans.delete(code);
    });
  }

  async #change<T>(isRepeatable: boolean, work: (store: ControlStore) => Promise<T>): Promise<T> {
    return await changeSafely(isRepeatable, () => this.#unitOfWork.change([], work));
  }
}

/** At most one plan is the default (R3); the one that loses it has changed, so its revision rises. */
async function endOtherDefault(store: ControlStore, code: string, now: EpochMilliseconds): Promise<void> {
  const current = await store.plans.findDefaultForUpdate();
  if (current === undefined || current.code === code) return;
  await store.plans.replace({ ...current, isDefault: false, revision: current.revision + 1n, updatedAt: now });
}
