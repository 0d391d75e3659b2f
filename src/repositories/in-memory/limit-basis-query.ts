import { type CounterKey, counterKeyText } from "../../domain/counter-key.ts";
import { type LimitBasis, overridesByTenant, type PlanLimits } from "../../domain/limit-basis.ts";
import { type LimitOverride, overrideTerms } from "../../domain/limit-override.ts";
import type { Plan } from "../../domain/plan.ts";
import { type Subscription, subscriptionTerms } from "../../domain/subscription.ts";
import type { ReadableTables } from "./in-memory-tables.ts";

export interface LimitBasisQuestion {
  readonly tenantIds: readonly string[];
  /** Plans asked for by name. */
  readonly planCodes: readonly string[];
  readonly counters: readonly CounterKey[];
  /** Tenants of whom every metric is asked for. */
  readonly wholeTenantIds: readonly string[];
}

/** Exactly what was asked for and no more, so that a use case which forgets to ask is found out. */
export function readLimitBasis(tables: ReadableTables, question: LimitBasisQuestion): LimitBasis {
  const subscriptions = question.tenantIds
    .map((tenantId) => tables.subscriptions.get(tenantId))
    .filter((subscription) => subscription !== undefined);
  const defaultPlan = [...tables.plans.values()].find((plan) => plan.isDefault);
  return {
    subscriptions: new Map(
      subscriptions.map((subscription) => [subscription.tenantId, subscriptionTerms(subscription)]),
    ),
    overrides: overridesByTenant(readOverrides(tables, question).map(overrideTerms)),
    plans: new Map(readPlans(tables, question, subscriptions, defaultPlan).map((plan) => [plan.code, plan])),
    ...(defaultPlan === undefined ? {} : { defaultPlanCode: defaultPlan.code }),
  };
}

function readOverrides(tables: ReadableTables, question: LimitBasisQuestion): LimitOverride[] {
  const counters = new Set(question.counters.map(counterKeyText));
  const wholeTenants = new Set(question.wholeTenantIds);
  return [...tables.overrides.values()].filter(
    (override) => counters.has(counterKeyText(override)) || wholeTenants.has(override.tenantId),
  );
}

function readPlans(
  tables: ReadableTables,
  question: LimitBasisQuestion,
  subscriptions: readonly Subscription[],
  defaultPlan: Plan | undefined,
): PlanLimits[] {
  const codes = new Set([...question.planCodes, ...subscriptions.map((subscription) => subscription.planCode)]);
  if (defaultPlan !== undefined) codes.add(defaultPlan.code);
  const metricCodes = new Set(question.counters.map((counter) => counter.metricCode));
  const isAsked = (metricCode: string) => question.wholeTenantIds.length > 0 || metricCodes.has(metricCode);
  return [...codes]
    .map((code) => tables.plans.get(code))
    .filter((plan) => plan !== undefined)
    .map(({ code, limits }) => ({
      code,
      limits: new Map(
        limits.filter((limit) => isAsked(limit.metricCode)).map((limit) => [limit.metricCode, limit] as const),
      ),
    }));
}
