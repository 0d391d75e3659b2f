import type { EpochMilliseconds } from "./instant.ts";
import type { LimitEnforcement } from "./limit-enforcement.ts";

/** A limit for one tenant and metric in place of the plan's. It never changes the period kind (R3). */
export interface LimitOverrideDefinition {
  readonly tenantId: string;
  readonly metricCode: string;
  /** Units per period; `null` is unlimited. */
  readonly limit: bigint | null;
  /** Absent: the plan's. */
  readonly enforcement?: LimitEnforcement;
  readonly reason: string;
  /** Exclusive: at this instant the override no longer holds. Absent: it holds until removed. */
  readonly expiresAt?: EpochMilliseconds;
}

/** What an override decides. */
export type LimitOverrideTerms = Omit<LimitOverrideDefinition, "reason">;

export interface LimitOverride extends LimitOverrideDefinition {
  readonly createdAt: EpochMilliseconds;
  readonly updatedAt: EpochMilliseconds;
}

export function overrideHolds(override: Pick<LimitOverrideDefinition, "expiresAt">, now: EpochMilliseconds): boolean {
  return override.expiresAt === undefined || now < override.expiresAt;
}

export function sameOverrideDefinition(a: LimitOverrideDefinition, b: LimitOverrideDefinition): boolean {
  return (
    a.tenantId === b.tenantId &&
    a.metricCode === b.metricCode &&
    a.limit === b.limit &&
    a.enforcement === b.enforcement &&
    a.reason === b.reason &&
    a.expiresAt === b.expiresAt
  );
}

/** The override without reason and history. */
export function overrideTerms({ reason, createdAt, updatedAt, ...terms }: LimitOverride): LimitOverrideTerms {
  return terms;
}
