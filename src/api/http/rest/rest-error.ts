import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../../../gen/google/rpc/error_details_pb.ts";
import type { Status } from "../../../../gen/google/rpc/status_pb.ts";
import type { ErrorReasonName } from "../../errors/reason-codes.ts";
import { statusCodes } from "../../errors/status-code.ts";
import { type Answer, jsonAnswer } from "../exchange.ts";

/** The HTTP status of each reason. Connect has a table of its own, by codes, which its clients rely on. */
export const httpStatusByReason: Readonly<Record<ErrorReasonName, number>> = {
  INVALID_REQUEST: 400,
  PAGE_TOKEN_INVALID: 400,
  MESSAGE_TOO_LARGE: 413,
  QUOTA_EXCEEDED: 429,
  NO_PLAN: 409,
  METRIC_NOT_IN_PLAN: 409,
  PLAN_IN_USE: 409,
  PLAN_NOT_FOUND: 404,
  SUBSCRIPTION_NOT_FOUND: 404,
  API_KEY_NOT_FOUND: 404,
  IDEMPOTENCY_KEY_REUSED: 409,
  PLAN_EXISTS: 409,
  REVISION_MISMATCH: 409,
  COUNTER_OVERFLOW: 422,
  CREDENTIAL_MISSING: 401,
  CREDENTIAL_INVALID: 401,
  ROLE_NOT_ALLOWED: 403,
  TENANT_MISMATCH: 403,
  PLAN_CODE_NOT_ALLOWED: 403,
  OVERLOADED: 503,
  CALLER_THROTTLED: 429,
  DATABASE_UNAVAILABLE: 503,
  DRAINING: 503,
  OUTCOME_UNKNOWN: 503,
  INTERNAL: 500,
};

/** Calls that ended without a reason of ours. 499 is what proxies log for a caller that has left. */
const endings: ReadonlyMap<number, readonly [status: number, code: string]> = new Map([
  [statusCodes.DEADLINE_EXCEEDED, [504, "DEADLINE_EXCEEDED"]],
  [statusCodes.CANCELLED, [499, "CANCELLED"]],
]);

/** Numbers of an ErrorInfo, which are text there, and may be numbers here: none of them passes 2^53 - 1. */
const numberNames = new Set(["current", "limit", "max", "max_bytes", "remaining", "requested"]);

/** The body of every error of the two endpoints. */
export function restError(
  status: number,
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = { success: false, error: { code, message, details } };
  return jsonAnswer(status, body, { "cache-control": "no-store", ...headers });
}

/**
 * The same status as the other doors', in the form of these endpoints.
 *
 * @param tenantIdName by what `tenant_id` is told: the header that it was taken from, or, while the request was being
 *   read, itself, which somebody has sent where it is not known
 */
export function restErrorOf(status: Status, tenantIdName: string): Answer {
  const info = status.details.map((any) => anyUnpack(any, ErrorInfoSchema)).find((found) => found !== undefined);
  if (info === undefined) {
    const [httpStatus, code] = endings.get(status.code) ?? [500, "INTERNAL"];
    return restError(httpStatus, code, status.message);
  }
  const { reason, metadata } = info;
  const details: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(metadata)) details[name] = numberNames.has(name) ? Number(value) : value;
  const headers: Record<string, string> = {};
  for (const any of status.details) {
    const badRequest = anyUnpack(any, BadRequestSchema);
    if (badRequest !== undefined) {
      details["violations"] = badRequest.fieldViolations.map(({ field, description }) => ({
        field: field === "tenant_id" ? tenantIdName : field,
        description,
      }));
    }
    const delay = anyUnpack(any, RetryInfoSchema)?.retryDelay;
    if (delay !== undefined) {
      details["retry_after_ms"] = durationMs(delay);
      headers["retry-after"] = String(Math.ceil(durationMs(delay) / 1_000));
    }
  }
  const httpStatus = httpStatusByReason[reason as ErrorReasonName];
  if (httpStatus === 401) headers["www-authenticate"] = "Bearer";
  return restError(httpStatus, reason, status.message.replaceAll(/\btenant_id\b/g, tenantIdName), details, headers);
}
