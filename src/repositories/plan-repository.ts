import type { Plan } from "../domain/plan.ts";

/** Plans with their limits, ordered by code. */
export interface PlanRepository {
  find(code: string): Promise<Plan | undefined>;
  /** Locks the plan until the transaction ends, so that revision checks do not race. */
  findForUpdate(code: string): Promise<Plan | undefined>;
  findDefault(): Promise<Plan | undefined>;
  /** The default plan, locked. */
  findDefaultForUpdate(): Promise<Plan | undefined>;
  list(afterCode: string | undefined, limit: number): Promise<Plan[]>;
  /** @throws ConcurrentChangeError when a plan of the code, or another default plan, came in between */
  insert(plan: Plan): Promise<void>;
  /**
   * Replaces everything but code and creation time of a plan that was found in this transaction.
   *
   * @throws ConcurrentChangeError when another default plan came in between
   */
  replace(plan: Plan): Promise<void>;
  /** Deleting an absent one changes nothing. @throws PlanInUseError when a subscription of any tenant refers to it (R6) */
  delete(code: string): Promise<void>;
}
