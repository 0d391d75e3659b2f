import { requestBytesMax } from "../../src/domain/bounds.ts";
import {
  CallerThrottledError,
  CredentialInvalidError,
  CredentialMissingError,
  PlanCodeNotAllowedError,
  RoleNotAllowedError,
  TenantMismatchError,
} from "../../src/domain/errors/access-errors.ts";
import { ApiKeyNotFoundError } from "../../src/domain/errors/api-key-not-found-error.ts";
import {
  DatabaseUnavailableError,
  DrainingError,
  OutcomeUnknownError,
  OverloadedError,
} from "../../src/domain/errors/availability-errors.ts";
import { CounterOverflowError } from "../../src/domain/errors/counter-overflow-error.ts";
import { IdempotencyKeyReusedError } from "../../src/domain/errors/idempotency-key-reused-error.ts";
import {
  InvalidRequestError,
  MessageTooLargeError,
  PageTokenInvalidError,
} from "../../src/domain/errors/invalid-request-error.ts";
import { MetricNotInPlanError, NoPlanError, PlanNotFoundError } from "../../src/domain/errors/limit-lookup-errors.ts";
import { PlanExistsError, PlanInUseError, RevisionMismatchError } from "../../src/domain/errors/plan-errors.ts";
import { QuotaExceededError } from "../../src/domain/errors/quota-exceeded-error.ts";
import type { QuotaErrorReason, QuotaServiceError } from "../../src/domain/errors/quota-service-error.ts";
import { SubscriptionNotFoundError } from "../../src/domain/errors/subscription-not-found-error.ts";
import type { QuotaStatus } from "../../src/domain/quota-status.ts";

export const tenantId = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e";
export const eventId = "0198a3c2-7d1e-7c4b-9a55-000000000001";
/** 2026-09-01T00:00:00Z, the end of the period, and a minute and a half before it. */
export const periodEnd = Date.UTC(2026, 8, 1);
export const refusedAt = periodEnd - 90_500;

export function quotaExceeded(
  fields: Partial<QuotaStatus & { limit: bigint }> = {},
  requested = 3n,
): QuotaExceededError {
  const status = {
    metricCode: "tracked_products",
    current: 98n,
    limit: 100n,
    enforcement: "HARD",
    periodKind: "MONTH",
    periodStart: Date.UTC(2026, 7, 1),
    periodEnd,
    planCode: "starter",
    limitSource: "SUBSCRIBED_PLAN",
    ...fields,
  } as const;
  return new QuotaExceededError(tenantId, status, requested, refusedAt);
}

const cause = new Error("connect ECONNREFUSED 10.0.0.7:5432");

/** One error for each reason that the service can give. A new reason without one does not compile. */
export const sampleErrors: { readonly [R in QuotaErrorReason]: QuotaServiceError & { readonly reason: R } } = {
  INVALID_REQUEST: new InvalidRequestError([{ field: "amount", description: "0 is outside of 1 to 10" }]),
  PAGE_TOKEN_INVALID: new PageTokenInvalidError("is older than 24 hours"),
  MESSAGE_TOO_LARGE: new MessageTooLargeError(undefined, requestBytesMax),
  QUOTA_EXCEEDED: quotaExceeded(),
  NO_PLAN: new NoPlanError(tenantId),
  METRIC_NOT_IN_PLAN: new MetricNotInPlanError("tracked_products", "starter"),
  PLAN_IN_USE: new PlanInUseError("starter", "DEFAULT"),
  PLAN_NOT_FOUND: new PlanNotFoundError("startr"),
  SUBSCRIPTION_NOT_FOUND: new SubscriptionNotFoundError(tenantId),
  API_KEY_NOT_FOUND: new ApiKeyNotFoundError(tenantId),
  IDEMPOTENCY_KEY_REUSED: new IdempotencyKeyReusedError("order-4711", eventId),
  PLAN_EXISTS: new PlanExistsError("starter", 3n),
  REVISION_MISMATCH: new RevisionMismatchError("starter", 3n, 4n),
  COUNTER_OVERFLOW: new CounterOverflowError("bytes", 9_007_199_254_740_000n, 1_000n),
  CREDENTIAL_MISSING: new CredentialMissingError(),
  CREDENTIAL_INVALID: new CredentialInvalidError(),
  ROLE_NOT_ALLOWED: new RoleNotAllowedError("TENANT", "/quota.v1.PlanService/CreatePlan", ["ADMIN"]),
  TENANT_MISMATCH: new TenantMismatchError(tenantId),
  PLAN_CODE_NOT_ALLOWED: new PlanCodeNotAllowedError("TENANT"),
  OVERLOADED: new OverloadedError("lost 12 races for the same counters"),
  CALLER_THROTTLED: new CallerThrottledError("api_key", "this key has 100 calls in flight, as many as one may have"),
  DATABASE_UNAVAILABLE: new DatabaseUnavailableError(cause),
  DRAINING: new DrainingError(),
  OUTCOME_UNKNOWN: new OutcomeUnknownError(true, cause),
};
