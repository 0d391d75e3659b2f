import { MetricNotInPlanError, NoPlanError, PlanNotFoundError } from "./errors/limit-lookup-errors.ts";
import type { EpochMilliseconds } from "./instant.ts";
import type { LimitBasis } from "./limit-basis.ts";
import type { LimitEnforcement } from "./limit-enforcement.ts";
import { type LimitOverrideTerms, overrideHolds } from "./limit-override.ts";
import type { LimitSource } from "./limit-source.ts";
import type { PeriodKind } from "./period-kind.ts";
import type { PeriodSchedule } from "./period-schedule.ts";
import type { QuotaLimit } from "./quota-limit.ts";
import type { SubscriptionTerms } from "./subscription.ts";
import { utcTimeZone } from "./time-zone.ts";

/** The limit that holds for one tenant and metric at one instant. */
export interface EffectiveLimit {
  readonly metricCode: string;
  readonly limit: bigint | null;
  readonly enforcement: LimitEnforcement;
  readonly periodKind: PeriodKind;
  readonly limitSource: LimitSource;
  readonly planCode: string;
  /** Where periods begin: the subscription's zone and anchor, else UTC and calendar (R4). */
  readonly schedule: PeriodSchedule;
}

export interface LimitQuestion {
  readonly tenantId: string;
  readonly metricCode: string;
  readonly planCode?: string;
}

/**
 * R3: an unexpired override, else the requested plan, else the subscribed plan, else the default plan. The plan always
 * gives the period kind, so an override of a metric that the plan lacks waits.
 *
 * @throws PlanNotFoundError when the requested plan does not exist
 * @throws NoPlanError when no plan is requested, subscribed or default
 * @throws MetricNotInPlanError when the plan has no limit for the metric
 */
export function effectiveLimit(basis: LimitBasis, question: LimitQuestion, now: EpochMilliseconds): EffectiveLimit {
  const { planCode, planSource } = planFor(basis, question);
  const plan = basis.plans.get(planCode);
  if (plan === undefined) throw new PlanNotFoundError(planCode);
  const quotaLimit = plan.limits.get(question.metricCode);
  if (quotaLimit === undefined) throw new MetricNotInPlanError(question.metricCode, planCode);
  const override = basis.overrides.get(question.tenantId)?.get(question.metricCode);
  const schedule = scheduleOf(basis.subscriptions.get(question.tenantId));
  return combine(quotaLimit, planCode, planSource, schedule, override, now);
}

/** The metrics of the tenant's own plan, sorted. @throws NoPlanError */
export function plannedMetrics(basis: LimitBasis, tenantId: string): string[] {
  const { planCode } = planFor(basis, { tenantId });
  return [...(basis.plans.get(planCode)?.limits.keys() ?? [])].sort();
}

function planFor(
  basis: LimitBasis,
  question: { readonly tenantId: string; readonly planCode?: string },
): { planCode: string; planSource: LimitSource } {
  if (question.planCode !== undefined) return { planCode: question.planCode, planSource: "REQUESTED_PLAN" };
  const subscription = basis.subscriptions.get(question.tenantId);
  if (subscription !== undefined) return { planCode: subscription.planCode, planSource: "SUBSCRIBED_PLAN" };
  if (basis.defaultPlanCode !== undefined) return { planCode: basis.defaultPlanCode, planSource: "DEFAULT_PLAN" };
  throw new NoPlanError(question.tenantId);
}

function combine(
  quotaLimit: QuotaLimit,
  planCode: string,
  planSource: LimitSource,
  schedule: PeriodSchedule,
  override: LimitOverrideTerms | undefined,
  now: EpochMilliseconds,
): EffectiveLimit {
  const common = { metricCode: quotaLimit.metricCode, periodKind: quotaLimit.periodKind, planCode, schedule };
  if (override === undefined || !overrideHolds(override, now)) {
    return { ...common, limit: quotaLimit.limit, enforcement: quotaLimit.enforcement, limitSource: planSource };
  }
  const enforcement = override.enforcement ?? quotaLimit.enforcement;
  return { ...common, limit: override.limit, enforcement, limitSource: "OVERRIDE" };
}

const utcCalendar: PeriodSchedule = { timeZone: utcTimeZone };

function scheduleOf(subscription: SubscriptionTerms | undefined): PeriodSchedule {
  if (subscription === undefined) return utcCalendar;
  const { timeZone, anchor } = subscription;
  return anchor === undefined ? { timeZone } : { timeZone, anchor };
}
