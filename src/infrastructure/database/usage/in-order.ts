import { compareText } from "../../../domain/compare-text.ts";
import type { CounterKey } from "../../../domain/counter-key.ts";

/**
 * The order in which all transactions lock and create: that of the tenants, and of something else within a tenant. What is locked
 * already may be changed in any.
 */
export function byTenantThen<T extends { readonly tenantId: string }>(
  textOf: (item: T) => string,
): (a: T, b: T) => number {
  return (a, b) => compareText(a.tenantId, b.tenantId) || compareText(textOf(a), textOf(b));
}

export const byCounter = byTenantThen<CounterKey>((key) => key.metricCode);
