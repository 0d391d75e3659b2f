import type { EpochMilliseconds } from "./instant.ts";

/** Which plan a tenant is on, and where its periods begin. */
export interface SubscriptionDefinition {
  readonly tenantId: string;
  readonly planCode: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Periods are counted from here; absent: calendar periods. */
  readonly anchor?: EpochMilliseconds;
}

export interface Subscription extends SubscriptionDefinition {
  readonly createdAt: EpochMilliseconds;
  readonly updatedAt: EpochMilliseconds;
}

export function sameSubscriptionDefinition(a: SubscriptionDefinition, b: SubscriptionDefinition): boolean {
  return a.tenantId === b.tenantId && a.planCode === b.planCode && a.timeZone === b.timeZone && a.anchor === b.anchor;
}

/** The subscription without its history. */
export function subscriptionDefinition({ createdAt, updatedAt, ...definition }: Subscription): SubscriptionDefinition {
  return definition;
}
