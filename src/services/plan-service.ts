import type { Actor } from "../domain/actor.ts";
import { PlanNotFoundError } from "../domain/errors/limit-lookup-errors.ts";
import { PlanExistsError, PlanInUseError, RevisionMismatchError } from "../domain/errors/plan-errors.ts";
import type { RandomBits } from "../domain/event-id.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import { type Plan, type PlanDefinition, samePlanDefinition } from "../domain/plan.ts";
import type { ControlStore, ControlUnitOfWork } from "../repositories/control-unit-of-work.ts";
import { planEntry } from "./control-entries.ts";
import type { ControlJournal } from "./control-journal.ts";
import { ControlPlane } from "./control-plane.ts";
import type { Created } from "./created.ts";
import { type Page, type PageRequest, pageOf } from "./page.ts";
import type { Listing, PageTokens } from "./page-tokens.ts";

const listing: Listing = { name: "plans", filters: {} };

/** Plans and their limits. Every change holds from the next decision on, in every process (R5), and is written down. */
export class PlanService {
  readonly #plane: ControlPlane;
  readonly #tokens: PageTokens;

  constructor(unitOfWork: ControlUnitOfWork, tokens: PageTokens, random: RandomBits) {
    this.#plane = new ControlPlane(unitOfWork, random);
    this.#tokens = tokens;
  }

  /**
   * Creating the identical plan again changes nothing and answers the existing one (R17). A plan created as the default
   * takes that from the plan that had it.
   *
   * @throws PlanExistsError when a different plan of the code exists
   */
  async createPlan(definition: PlanDefinition, actor: Actor): Promise<Plan> {
    return await this.#change(actor, true, async (store, journal) => {
      const existing = await store.plans.findForUpdate(definition.code);
      if (existing !== undefined) {
        if (samePlanDefinition(existing, definition)) return existing;
        throw new PlanExistsError(existing.code, existing.revision);
      }
      const now = await store.now();
      if (definition.isDefault) await endOtherDefault(store, journal, definition.code, now);
      const plan: Plan = { ...definition, revision: 1n, createdAt: now, updatedAt: now };
      await store.plans.insert(plan);
      await journal.record(now, planEntry({ after: plan }));
      return plan;
    });
  }

  /**
   * Creates the plan when its code is free, and otherwise leaves the one there is. Unlike `createPlan` it takes the default
   * from no other plan: with a default there, the new plan is created without.
   *
   * @returns the plan of the code, and whether this call created it
   */
  async createMissingPlan(definition: PlanDefinition, actor: Actor): Promise<Created<Plan>> {
    return await this.#change(actor, true, async (store, journal) => {
      const existing = await store.plans.findForUpdate(definition.code);
      if (existing !== undefined) return { value: existing, isNew: false };
      const now = await store.now();
      const isDefault = definition.isDefault && (await store.plans.findDefaultForUpdate()) === undefined;
      const plan: Plan = { ...definition, isDefault, revision: 1n, createdAt: now, updatedAt: now };
      await store.plans.insert(plan);
      await journal.record(now, planEntry({ after: plan }));
      return { value: plan, isNew: true };
    });
  }

  /** @throws PlanNotFoundError */
  async getPlan(code: string): Promise<Plan> {
    const plan = await this.#plane.readAllTenants((store) => store.plans.find(code));
    if (plan === undefined) throw new PlanNotFoundError(code);
    return plan;
  }

  /** Ordered by code. @throws PageTokenInvalidError */
  async listPlans(page: PageRequest<Plan>): Promise<Page<Plan>> {
    const after = this.#tokens.read(listing, page.token);
    const plans = await this.#plane.readAllTenants((store) => store.plans.list(after, page.size + 1));
    return pageOf(plans, page, (last) => this.#tokens.issue(listing, last.code));
  }

  /**
   * Replaces the whole plan. With unchanged content nothing changes, the revision included.
   *
   * @param revision the one that the caller's change is based on
   * @throws PlanNotFoundError
   * @throws RevisionMismatchError when the plan has changed since
   */
  async updatePlan(definition: PlanDefinition, revision: bigint, actor: Actor): Promise<Plan> {
    return await this.#change(actor, false, async (store, journal) => {
      const existing = await store.plans.findForUpdate(definition.code);
      if (existing === undefined) throw new PlanNotFoundError(definition.code);
      if (existing.revision !== revision) throw new RevisionMismatchError(definition.code, revision, existing.revision);
      if (samePlanDefinition(existing, definition)) return existing;
      const now = await store.now();
      if (definition.isDefault && !existing.isDefault) await endOtherDefault(store, journal, definition.code, now);
      const plan: Plan = {
        ...definition,
        revision: existing.revision + 1n,
        createdAt: existing.createdAt,
        updatedAt: now,
      };
      await store.plans.replace(plan);
      await journal.record(now, planEntry({ before: existing, after: plan }));
      return plan;
    });
  }

  /**
   * Deleting an absent plan changes nothing (R17).
   *
   * @throws PlanInUseError when it is the default or has subscriptions (R6)
   */
  async deletePlan(code: string, actor: Actor): Promise<void> {
    await this.#change(actor, true, async (store, journal) => {
      const existing = await store.plans.findForUpdate(code);
      if (existing === undefined) return;
      if (existing.isDefault) throw new PlanInUseError(code, "DEFAULT");
      await store.plans.delete(code);
      await journal.record(await store.now(), planEntry({ before: existing }));
    });
  }

  async #change<T>(
    actor: Actor,
    isRepeatable: boolean,
    work: (store: ControlStore, journal: ControlJournal) => Promise<T>,
  ): Promise<T> {
    return await this.#plane.change({ tenantIds: [], actor, isRepeatable }, work);
  }
}

/** At most one plan is the default (R3); the one that loses it has changed, so its revision rises. */
async function endOtherDefault(
  store: ControlStore,
  journal: ControlJournal,
  code: string,
  now: EpochMilliseconds,
): Promise<void> {
  const current = await store.plans.findDefaultForUpdate();
  if (current === undefined || current.code === code) return;
  const ended = { ...current, isDefault: false, revision: current.revision + 1n, updatedAt: now };
  await store.plans.replace(ended);
  await journal.record(now, planEntry({ before: current, after: ended }));
}
