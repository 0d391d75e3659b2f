import { type EntityManager, LockMode } from "@mikro-orm/postgresql";
import { PlanInUseError } from "../../../domain/errors/plan-errors.ts";
import type { Plan } from "../../../domain/plan.ts";
import type { PlanRepository } from "../../../repositories/plan-repository.ts";
import { codeOf } from "../database-errors.ts";
import { PlanEntity, PlanLimitEntity } from "../entities/plan-entity.ts";
import { planOfEntities } from "../mappers/control-mappers.ts";

/** SQLSTATEs of a row that others refer to: `foreign_key_violation`, `restrict_violation`. */
const referredStates = new Set(["23503", "23001"]);

export class PostgresPlanRepository implements PlanRepository {
  readonly #em: EntityManager;

  constructor(em: EntityManager) {
    this.#em = em;
  }

  async find(code: string): Promise<Plan | undefined> {
    return await this.#findOne({ code });
  }

  async findForUpdate(code: string): Promise<Plan | undefined> {
    return await this.#findOne({ code }, LockMode.PESSIMISTIC_WRITE);
  }

  async findDefault(): Promise<Plan | undefined> {
    return await this.#findOne({ isDefault: true });
  }

  async findDefaultForUpdate(): Promise<Plan | undefined> {
    return await this.#findOne({ isDefault: true }, LockMode.PESSIMISTIC_WRITE);
  }

  async list(afterCode: string | undefined, limit: number): Promise<Plan[]> {
    const plans = await this.#em.find(PlanEntity, afterCode === undefined ? {} : { code: { $gt: afterCode } }, {
      orderBy: { code: "asc" },
      limit,
    });
    const limits = await this.#em.find(PlanLimitEntity, { plan: { code: { $in: plans.map((plan) => plan.code) } } });
    return plans.map((plan) =>
      planOfEntities(
        plan,
        limits.filter((limit) => limit.plan.code === plan.code),
      ),
    );
  }

  async insert(plan: Plan): Promise<void> {
    this.#em.create(PlanEntity, rowOf(plan));
    this.#createLimits(plan);
    await this.#em.flush();
  }

  async replace(plan: Plan): Promise<void> {
    const { code, createdAt, ...changes } = rowOf(plan);
    await this.#em.nativeUpdate(PlanEntity, { code }, changes);
    await this.#em.nativeDelete(PlanLimitEntity, { plan: { code } });
    this.#em.clear();
    this.#createLimits(plan);
    await this.#em.flush();
  }

  async delete(code: string): Promise<void> {
    try {
      await this.#em.nativeDelete(PlanEntity, { code });
    } catch (error) {
      if (referredStates.has(codeOf(error) ?? "")) throw new PlanInUseError(code, "SUBSCRIBED");
      throw error;
    }
  }

  #createLimits(plan: Plan): void {
    for (const limit of plan.limits) {
      const { metricCode, limit: quotaLimit, enforcement, periodKind } = limit;
      this.#em.create(PlanLimitEntity, { plan: plan.code, metricCode, quotaLimit, enforcement, periodKind });
    }
  }

  async #findOne(
    where: { readonly code: string } | { readonly isDefault: true },
    lockMode?: LockMode.PESSIMISTIC_WRITE,
  ): Promise<Plan | undefined> {
    const lock = lockMode === undefined ? {} : { lockMode };
    // Without `refresh` a plan read before it was locked would be answered from the identity map, as it was then.
    const plan = await this.#em.findOne(PlanEntity, where, { ...lock, refresh: true });
    if (plan === null) return undefined;
    return planOfEntities(plan, await this.#em.find(PlanLimitEntity, { plan: { code: plan.code } }, { refresh: true }));
  }
}

function rowOf(plan: Plan) {
  return {
    code: plan.code,
    displayName: plan.displayName,
    isDefault: plan.isDefault,
    revision: plan.revision,
    createdAt: new Date(plan.createdAt),
    updatedAt: new Date(plan.updatedAt),
  };
}
