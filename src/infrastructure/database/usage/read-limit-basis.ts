import { type LimitBasis, overridesByTenant, type PlanLimits } from "../../../domain/limit-basis.ts";
import type { LimitEnforcement } from "../../../domain/limit-enforcement.ts";
import type { LimitOverrideTerms } from "../../../domain/limit-override.ts";
import type { PeriodKind } from "../../../domain/period-kind.ts";
import type { QuotaLimit } from "../../../domain/quota-limit.ts";
import type { SubscriptionTerms } from "../../../domain/subscription.ts";
import type { TextRow } from "../text-query.ts";
import { millisecondsSql } from "./record-rows.ts";

/**
 * Common table expressions for one statement, hence one snapshot: `basis_plan`, the plans that may decide (requested,
 * subscribed, default), and `basis`, one row of four JSON arrays. Parameters: $1 tenant ids, $2 requested plan codes, $3
 * metric codes or null for all.
 */
export const limitBasisCtesSql = `
  basis_subscription as (
    select s.* from quota_subscription s where s.tenant_id = any ($1::uuid[])
  ), basis_plan as (
    select p.code, p.is_default from quota_plan p
      where p.is_default or p.code = any ($2::text[]) or p.code in (select plan_code from basis_subscription)
  ), basis_limit as (
    select l.* from quota_plan_limit l
      where l.plan_code in (select code from basis_plan) and ($3::text[] is null or l.metric_code = any ($3::text[]))
  ), basis as (
    select
      (select coalesce(json_agg(json_build_object(
          'tenant_ids', s.tenant_ids, 'plan_code', s.plan_code, 'time_zone', s.time_zone,
          'anchor', ${millisecondsSql("s.anchor")})), '[]')
        from (select plan_code, time_zone, anchor, array_agg(tenant_id) as tenant_ids from basis_subscription
          group by plan_code, time_zone, anchor) s) as subscriptions,
      (select coalesce(json_agg(json_build_object(
          'tenant_id', o.tenant_id, 'metric_code', o.metric_code, 'quota_limit', o.quota_limit::text,
          'enforcement', o.enforcement, 'expires_at', ${millisecondsSql("o.expires_at")})), '[]')
        from quota_limit_override o
        where o.tenant_id = any ($1::uuid[]) and ($3::text[] is null or o.metric_code = any ($3::text[]))) as overrides,
      (select coalesce(json_agg(json_build_object('code', p.code, 'is_default', p.is_default)), '[]')
        from basis_plan p) as plans,
      (select coalesce(json_agg(json_build_object(
          'plan_code', l.plan_code, 'metric_code', l.metric_code, 'quota_limit', l.quota_limit::text,
          'enforcement', l.enforcement, 'period_kind', l.period_kind)), '[]') from basis_limit l) as limits
  )`;

/** The columns of `basis` that `limitBasisOf` reads, and how many they are. */
export const limitBasisColumnsSql = "basis.subscriptions, basis.overrides, basis.plans, basis.limits";
export const limitBasisColumns = 4;

interface LimitBasisRow {
  /** Most tenants share their terms with many others. */
  readonly subscriptions: readonly {
    readonly tenant_ids: readonly string[];
    readonly plan_code: string;
    readonly time_zone: string;
    readonly anchor: number | null;
  }[];
  readonly overrides: readonly {
    readonly tenant_id: string;
    readonly metric_code: string;
    readonly quota_limit: string | null;
    readonly enforcement: LimitEnforcement | null;
    readonly expires_at: number | null;
  }[];
  readonly plans: readonly { readonly code: string; readonly is_default: boolean }[];
  readonly limits: readonly {
    readonly plan_code: string;
    readonly metric_code: string;
    readonly quota_limit: string | null;
    readonly enforcement: LimitEnforcement;
    readonly period_kind: PeriodKind;
  }[];
}

/** The basis of a row that begins with `limitBasisColumnsSql`. */
export function limitBasisOf(columns: TextRow): LimitBasis {
  const [subscriptions, overrides, plans, limits] = columns.map((column) => column ?? "[]");
  return basisOf({
    subscriptions: JSON.parse(subscriptions ?? "[]"),
    overrides: JSON.parse(overrides ?? "[]"),
    plans: JSON.parse(plans ?? "[]"),
    limits: JSON.parse(limits ?? "[]"),
  });
}

function basisOf(row: LimitBasisRow): LimitBasis {
  const limits = new Map<string, Map<string, QuotaLimit>>(row.plans.map((plan) => [plan.code, new Map()]));
  for (const limit of row.limits) {
    limits.get(limit.plan_code)?.set(limit.metric_code, {
      metricCode: limit.metric_code,
      limit: limitOf(limit.quota_limit),
      enforcement: limit.enforcement,
      periodKind: limit.period_kind,
    });
  }
  const plans = new Map<string, PlanLimits>([...limits].map(([code, ofPlan]) => [code, { code, limits: ofPlan }]));
  const defaultPlan = row.plans.find((plan) => plan.is_default);
  return {
    subscriptions: subscriptionsOf(row.subscriptions),
    overrides: overridesByTenant(row.overrides.map(overrideOf)),
    plans,
    ...(defaultPlan === undefined ? {} : { defaultPlanCode: defaultPlan.code }),
  };
}

function limitOf(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}

function subscriptionsOf(rows: LimitBasisRow["subscriptions"]): Map<string, SubscriptionTerms> {
  const subscriptions = new Map<string, SubscriptionTerms>();
  for (const { tenant_ids, plan_code, time_zone, anchor } of rows) {
    // One object for all of them, which nobody may change.
    const terms: SubscriptionTerms = {
      planCode: plan_code,
      timeZone: time_zone,
      ...(anchor === null ? {} : { anchor }),
    };
    for (const tenantId of tenant_ids) subscriptions.set(tenantId, terms);
  }
  return subscriptions;
}

function overrideOf(row: LimitBasisRow["overrides"][number]): LimitOverrideTerms {
  return {
    tenantId: row.tenant_id,
    metricCode: row.metric_code,
    limit: limitOf(row.quota_limit),
    ...(row.enforcement === null ? {} : { enforcement: row.enforcement }),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  };
}
