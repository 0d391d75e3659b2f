import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { BadRequestSchema, QuotaFailureSchema, RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import {
  type FieldViolation,
  InvalidRequestError,
  PageTokenInvalidError,
} from "../../domain/errors/invalid-request-error.ts";
import { QuotaExceededError } from "../../domain/errors/quota-exceeded-error.ts";
import type { QuotaServiceError } from "../../domain/errors/quota-service-error.ts";
import { codeOf, type ErrorReasonName } from "./reason-codes.ts";
import { statusCodes } from "./status-code.ts";

/** The domain of every ErrorInfo, and the service that a QuotaFailure comes from. */
export const errorDomain = "quota.v1";

/** Violations that a BadRequest names at most; the ErrorInfo counts them all. */
export const violationsShownMax = 20;

/** When a call that met an unavailable service is worth repeating: the time that the cause usually takes to pass. */
const retryDelaysMs: Readonly<Partial<Record<ErrorReasonName, number>>> = {
  OVERLOADED: 500,
  CALLER_THROTTLED: 1_000,
  DATABASE_UNAVAILABLE: 1_000,
  // Another process answers the repeat.
  DRAINING: 100,
  OUTCOME_UNKNOWN: 1_000,
};

export function packed<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, init));
}

/**
 * The standard details of an error besides its ErrorInfo.
 *
 * @param violationsMax how many violations a BadRequest may hold
 */
export function detailsOf(error: QuotaServiceError, violationsMax: number): Any[] {
  if (error instanceof InvalidRequestError) return [badRequest(error.violations.slice(0, violationsMax))];
  if (error instanceof PageTokenInvalidError) {
    return [badRequest([{ field: "page_token", description: error.description }])];
  }
  if (error instanceof QuotaExceededError) return quotaDetails(error);
  if (codeOf(error) === statusCodes.UNAVAILABLE) return [retryInfo(retryDelaysMs[error.reason] ?? 0)];
  return [];
}

function badRequest(violations: readonly FieldViolation[]): Any {
  const fieldViolations = violations.map(({ field, description }) => ({ field, description }));
  return packed(BadRequestSchema, { fieldViolations });
}

function quotaDetails(error: QuotaExceededError): Any[] {
  const { status, refusedAt } = error;
  const failure = packed(QuotaFailureSchema, {
    violations: [
      {
        subject: `tenant:${error.tenantId}`,
        description: error.message,
        apiService: errorDomain,
        quotaMetric: status.metricCode,
        quotaValue: status.limit,
      },
    ],
  });
  // Without a later period that could admit the amount, a RetryInfo would have clients wait for nothing.
  return error.canSucceedNextPeriod ? [failure, retryInfo(Math.max(status.periodEnd - refusedAt, 0))] : [failure];
}

function retryInfo(delayMs: number): Any {
  return packed(RetryInfoSchema, { retryDelay: durationFromMs(delayMs) });
}
