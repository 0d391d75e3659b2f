/** What the package offers; the transports are `quota-client/grpc` and `quota-client/connect`. */
export type { ErrorReasonName } from "./attempt-outcome.ts";
export type { Credential } from "./credential.ts";
export type { FieldViolation } from "./error-details.ts";
export {
  QuotaClientOverloadedError,
  QuotaExceededError,
  QuotaServiceError,
  QuotaUnavailableError,
} from "./errors.ts";
export type { CheckQuotaInput, GetStatusInput, ListEventsInput, RecordUsageInput } from "./inputs.ts";
export { type CallOptions, QuotaClient, type QuotaClientOptions } from "./quota-client.ts";
export type {
  CheckResult,
  DecidedCheck,
  EventPage,
  RecordedUse,
  RecordResult,
  UndecidedCheck,
  UnrecordedUse,
} from "./results.ts";
export type { StatusCode } from "./status-code.ts";
export { type AttemptOptions, CallFailure, type PackedDetail, type QuotaTransport } from "./transport.ts";
export type { Enforcement, LimitSource, PeriodKind, QuotaStatus, UsageEvent } from "./usage.ts";
export {
  type KeepUndecidedUse,
  type UnavailablePolicy,
  type UndecidedUse,
  UndecidedUseNotKeptError,
} from "./when-unavailable.ts";
