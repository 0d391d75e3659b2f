import type { QuotaStatus } from "./quota-status.ts";

/** How one tenant stands with one limited metric. */
export interface TenantUsage {
  readonly tenantId: string;
  readonly status: LimitedStatus;
}

export interface LimitedStatus extends QuotaStatus {
  readonly limit: bigint;
}

const hundredPercent = 100;

/**
 * Usage as a share of the limit: 1 at the limit. A limit of 0 is taken as 1, so that the share is finite. Both numbers are
 * at most 2^53 - 1, so the quotient is the correctly rounded one, here as in the database.
 */
export function shareUsed({ current, limit }: { readonly current: bigint; readonly limit: bigint }): number {
  return Number(current) / Number(limit === 0n ? 1n : limit);
}

export function percentUsed(status: LimitedStatus): number {
  return shareUsed(status) * hundredPercent;
}
