import type { ApiKey } from "./api-key.ts";
import type { ControlSnapshot } from "./control-change.ts";
import type { EpochMilliseconds } from "./instant.ts";
import type { LimitOverride } from "./limit-override.ts";
import type { Plan } from "./plan.ts";
import type { QuotaLimit } from "./quota-limit.ts";
import type { Subscription } from "./subscription.ts";

/**
 * Objects of the control plane in the JSON form of their messages (ProtoJSON): the audit trail is written where messages are
 * not known, and read by people and programs that know the contract. A test holds each equal to what the message becomes.
 */

export function planSnapshot(plan: Plan): ControlSnapshot {
  return {
    code: plan.code,
    ...unlessEmpty({ displayName: plan.displayName }),
    ...(plan.limits.length === 0 ? {} : { limits: plan.limits.map(quotaLimitSnapshot) }),
    ...(plan.isDefault ? { isDefault: true } : {}),
    revision: String(plan.revision),
    ...historySnapshot(plan),
  };
}

function quotaLimitSnapshot({ metricCode, limit, enforcement, periodKind }: QuotaLimit): ControlSnapshot {
  return {
    metricCode,
    ...limitSnapshot(limit),
    enforcement: `LIMIT_ENFORCEMENT_${enforcement}`,
    periodKind: `PERIOD_KIND_${periodKind}`,
  };
}

export function subscriptionSnapshot(subscription: Subscription): ControlSnapshot {
  const { tenantId, planCode, timeZone, anchor } = subscription;
  return {
    tenantId,
    planCode,
    timeZone,
    ...(anchor === undefined ? {} : { anchor: instantSnapshot(anchor) }),
    ...historySnapshot(subscription),
  };
}

export function overrideSnapshot(override: LimitOverride): ControlSnapshot {
  const { tenantId, metricCode, limit, enforcement, reason, expiresAt } = override;
  return {
    tenantId,
    metricCode,
    ...limitSnapshot(limit),
    ...(enforcement === undefined ? {} : { enforcement: `LIMIT_ENFORCEMENT_${enforcement}` }),
    ...unlessEmpty({ reason }),
    ...(expiresAt === undefined ? {} : { expiresAt: instantSnapshot(expiresAt) }),
    ...historySnapshot(override),
  };
}

/** Holds the prefix of the secret and nothing more of it. */
export function apiKeySnapshot(key: ApiKey): ControlSnapshot {
  const { id, displayName, role, tenantId, prefix, createdAt, expiresAt, lastUsedAt, revokedAt } = key;
  return {
    id,
    displayName,
    role: `ROLE_${role}`,
    ...(tenantId === undefined ? {} : { tenantId }),
    prefix,
    createdAt: instantSnapshot(createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: instantSnapshot(expiresAt) }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: instantSnapshot(lastUsedAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: instantSnapshot(revokedAt) }),
  };
}

function limitSnapshot(limit: bigint | null): ControlSnapshot {
  return limit === null ? { unlimited: true } : { limit: String(limit) };
}

function historySnapshot(object: { readonly createdAt: EpochMilliseconds; readonly updatedAt: EpochMilliseconds }) {
  return { createdAt: instantSnapshot(object.createdAt), updatedAt: instantSnapshot(object.updatedAt) };
}

/** RFC 3339 with as many digits as there are milliseconds: none for a full second. */
export function instantSnapshot(instant: EpochMilliseconds): string {
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

/** Texts without presence are left out when they are empty. */
function unlessEmpty(texts: { readonly [name: string]: string }): ControlSnapshot {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
}
