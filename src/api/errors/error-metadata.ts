import { counterMax } from "../../domain/bounds.ts";
import { echoOf } from "../../domain/echo.ts";
import type {
  CallerThrottledError,
  CredentialInvalidError,
  CredentialMissingError,
  PlanCodeNotAllowedError,
  RoleNotAllowedError,
  TenantMismatchError,
} from "../../domain/errors/access-errors.ts";
import type { ApiKeyNotFoundError } from "../../domain/errors/api-key-not-found-error.ts";
import type {
  DatabaseUnavailableError,
  DrainingError,
  OutcomeUnknownError,
  OverloadedError,
} from "../../domain/errors/availability-errors.ts";
import type { CounterOverflowError } from "../../domain/errors/counter-overflow-error.ts";
import type { IdempotencyKeyReusedError } from "../../domain/errors/idempotency-key-reused-error.ts";
import type {
  InvalidRequestError,
  MessageTooLargeError,
  PageTokenInvalidError,
} from "../../domain/errors/invalid-request-error.ts";
import type { MetricNotInPlanError, NoPlanError, PlanNotFoundError } from "../../domain/errors/limit-lookup-errors.ts";
import type { PlanExistsError, PlanInUseError, RevisionMismatchError } from "../../domain/errors/plan-errors.ts";
import type { QuotaExceededError } from "../../domain/errors/quota-exceeded-error.ts";
import type { QuotaErrorReason, QuotaServiceError } from "../../domain/errors/quota-service-error.ts";
import type { SubscriptionNotFoundError } from "../../domain/errors/subscription-not-found-error.ts";

/** An ErrorInfo's metadata: codes and ids whole, numbers as decimal text, times in RFC 3339. */
export type ErrorMetadata = Readonly<Record<string, string>>;

type KnownError =
  | ApiKeyNotFoundError
  | CallerThrottledError
  | CounterOverflowError
  | CredentialInvalidError
  | CredentialMissingError
  | DatabaseUnavailableError
  | DrainingError
  | IdempotencyKeyReusedError
  | InvalidRequestError
  | MessageTooLargeError
  | MetricNotInPlanError
  | NoPlanError
  | OutcomeUnknownError
  | OverloadedError
  | PageTokenInvalidError
  | PlanCodeNotAllowedError
  | PlanExistsError
  | PlanInUseError
  | PlanNotFoundError
  | QuotaExceededError
  | RevisionMismatchError
  | RoleNotAllowedError
  | SubscriptionNotFoundError
  | TenantMismatchError;

/** Names and contents as the comments of ErrorReason promise them. A reason that is missing here does not compile. */
const metadataByReason: {
  readonly [R in QuotaErrorReason]: (error: Extract<KnownError, { readonly reason: R }>) => ErrorMetadata;
} = {
  INVALID_REQUEST: ({ violations }) => ({ violations: String(violations.length) }),
  PAGE_TOKEN_INVALID: () => ({ field: "page_token" }),
  MESSAGE_TOO_LARGE: ({ sizeBytesMax }) => ({ max_bytes: String(sizeBytesMax) }),
  QUOTA_EXCEEDED: quotaMetadata,
  NO_PLAN: ({ tenantId }) => ({ tenant_id: tenantId }),
  METRIC_NOT_IN_PLAN: ({ metricCode, planCode }) => ({ metric_code: metricCode, plan_code: planCode }),
  PLAN_IN_USE: ({ planCode, use }) => ({ plan_code: planCode, is_default: String(use === "DEFAULT") }),
  PLAN_NOT_FOUND: ({ planCode }) => ({ plan_code: planCode }),
  SUBSCRIPTION_NOT_FOUND: ({ tenantId }) => ({ tenant_id: tenantId }),
  API_KEY_NOT_FOUND: ({ apiKeyId }) => ({ api_key_id: apiKeyId }),
  IDEMPOTENCY_KEY_REUSED: ({ idempotencyKey, eventId }) => ({
    idempotency_key: echoOf(idempotencyKey),
    event_id: eventId,
  }),
  PLAN_EXISTS: ({ planCode, revision }) => ({ plan_code: planCode, revision: String(revision) }),
  REVISION_MISMATCH: ({ planCode, sent, actual }) => ({
    plan_code: planCode,
    revision_sent: String(sent),
    revision_stored: String(actual),
  }),
  COUNTER_OVERFLOW: ({ metricCode, current, requested }) => ({
    metric_code: metricCode,
    current: String(current),
    requested: String(requested),
    max: String(counterMax),
  }),
  CREDENTIAL_MISSING: ({ scheme }) => ({ scheme }),
  CREDENTIAL_INVALID: ({ scheme }) => ({ scheme }),
  ROLE_NOT_ALLOWED: ({ role, method }) => ({ role, method }),
  TENANT_MISMATCH: ({ tenantId }) => ({ tenant_id: tenantId }),
  PLAN_CODE_NOT_ALLOWED: ({ role }) => ({ role }),
  OVERLOADED: () => ({}),
  CALLER_THROTTLED: ({ scope }) => ({ scope }),
  DATABASE_UNAVAILABLE: () => ({}),
  DRAINING: () => ({}),
  OUTCOME_UNKNOWN: ({ isRepeatable }) => ({ repeatable: String(isRepeatable) }),
};

export function metadataOf(error: QuotaServiceError): ErrorMetadata {
  // One class has each reason, so the reason picks the function of the error's own class.
  const describe = metadataByReason[error.reason] as (error: QuotaServiceError) => ErrorMetadata;
  return describe(error);
}

function quotaMetadata({ status, requested, remaining }: QuotaExceededError): ErrorMetadata {
  const metadata = {
    metric_code: status.metricCode,
    limit: String(status.limit),
    current: String(status.current),
    requested: String(requested),
    remaining: String(remaining),
    enforcement: status.enforcement,
    limit_source: status.limitSource,
    plan_code: status.planCode,
  };
  if (status.periodKind === "LIFETIME") return metadata;
  return { ...metadata, period_end: new Date(status.periodEnd).toISOString() };
}
