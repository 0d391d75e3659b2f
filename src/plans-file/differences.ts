import { quoted } from "../domain/echo.ts";
import type { PlanDefinition } from "../domain/plan.ts";
import type { QuotaLimit } from "../domain/quota-limit.ts";
import type { SubscriptionDefinition } from "../domain/subscription.ts";

/** What differs, one text each; empty when database and file agree. */
export function planDifferences(stored: PlanDefinition, file: PlanDefinition): string[] {
  return [
    ...difference("display_name", quoted(stored.displayName), quoted(file.displayName)),
    ...difference("is_default", String(stored.isDefault), String(file.isDefault)),
    ...metricCodes(stored, file).flatMap((metricCode) =>
      limitDifferences(metricCode, limitOf(stored, metricCode), limitOf(file, metricCode)),
    ),
  ];
}

export function subscriptionDifferences(stored: SubscriptionDefinition, file: SubscriptionDefinition): string[] {
  return [
    ...difference("plan_code", stored.planCode, file.planCode),
    ...difference("time_zone", stored.timeZone, file.timeZone),
    ...difference("anchor", anchorText(stored), anchorText(file)),
  ];
}

function limitDifferences(metricCode: string, stored: QuotaLimit | undefined, file: QuotaLimit | undefined): string[] {
  if (stored === undefined || file === undefined) {
    return [`the limit of ${metricCode} is only in the ${stored === undefined ? "file" : "database"}`];
  }
  return [
    ...difference(`limit of ${metricCode}`, limitText(stored), limitText(file)),
    ...difference(`enforcement of ${metricCode}`, stored.enforcement, file.enforcement),
    ...difference(`period_kind of ${metricCode}`, stored.periodKind, file.periodKind),
  ];
}

function difference(what: string, stored: string, file: string): string[] {
  return stored === file ? [] : [`${what} is ${stored} in the database, ${file} in the file`];
}

/** Sorted, of both. */
function metricCodes(...plans: readonly PlanDefinition[]): string[] {
  return [...new Set(plans.flatMap((plan) => plan.limits.map((limit) => limit.metricCode)))].sort();
}

function limitOf(plan: PlanDefinition, metricCode: string): QuotaLimit | undefined {
  return plan.limits.find((limit) => limit.metricCode === metricCode);
}

function limitText({ limit }: QuotaLimit): string {
  return limit === null ? "unlimited" : String(limit);
}

function anchorText({ anchor }: SubscriptionDefinition): string {
  return anchor === undefined ? "absent" : new Date(anchor).toISOString();
}
