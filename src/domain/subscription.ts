import type { EpochMilliseconds } from "./instant.ts";

/** A plan, and where periods begin: what many tenants have in common. */
export interface SubscriptionTerms {
  readonly planCode: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Periods are counted from here; absent: calendar periods. */
  readonly anchor?: EpochMilliseconds;
}

/** Which tenant has them. */
export interface SubscriptionDefinition extends SubscriptionTerms {
  readonly tenantId: string;
}

export interface Subscription extends SubscriptionDefinition {
  readonly createdAt: EpochMilliseconds;
  readonly updatedAt: EpochMilliseconds;
}

export function sameSubscriptionDefinition(a: SubscriptionDefinition, b: SubscriptionDefinition): boolean {
  return a.tenantId === b.tenantId && a.planCode === b.planCode && a.timeZone === b.timeZone && a.anchor === b.anchor;
}

export function subscriptionTerms({ planCode, timeZone, anchor }: SubscriptionDefinition): SubscriptionTerms {
  return { planCode, timeZone, ...(anchor === undefined ? {} : { anchor }) };
}
