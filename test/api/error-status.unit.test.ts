import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";
import { type Status, StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { statusBytesMax, statusOf, statusOfDomainError } from "../../src/api/errors/error-status.ts";
import { codeOf } from "../../src/api/errors/reason-codes.ts";
import { statusCodes } from "../../src/api/errors/status-code.ts";
import { quoted } from "../../src/domain/echo.ts";
import { DatabaseUnavailableError, OutcomeUnknownError } from "../../src/domain/errors/availability-errors.ts";
import { IdempotencyKeyReusedError } from "../../src/domain/errors/idempotency-key-reused-error.ts";
import { InvalidRequestError } from "../../src/domain/errors/invalid-request-error.ts";
import { PlanInUseError } from "../../src/domain/errors/plan-errors.ts";
import { eventId, quotaExceeded, sampleErrors, tenantId } from "./sample-errors.ts";

const call = { requestId: "request-1", method: "/quota.v1.QuotaService/RecordUsage" };

function detail<D extends DescMessage>(status: Status, schema: D): MessageShape<D> | undefined {
  return status.details.map((any) => anyUnpack(any, schema)).find((message) => message !== undefined);
}

function errorInfo(status: Status) {
  const info = detail(status, ErrorInfoSchema);
  return { reason: info?.reason, domain: info?.domain, metadata: info?.metadata };
}

function retryDelayMs(status: Status): number | undefined {
  const delay = detail(status, RetryInfoSchema)?.retryDelay;
  return delay === undefined ? undefined : durationMs(delay);
}

function recordingLog() {
  const errors: { fields: Record<string, unknown>; message: string }[] = [];
  return {
    errors,
    debug: () => undefined,
    error: (fields: Record<string, unknown>, message: string) => void errors.push({ fields, message }),
  };
}

describe("the status of an error", () => {
  it("carries an ErrorInfo of its reason with the numbers that the contract names", () => {
    const metadata = Object.fromEntries(
      Object.entries(sampleErrors).map(([reason, error]) => {
        const info = errorInfo(statusOfDomainError(error));
        expect(info).toMatchObject({ reason, domain: "quota.v1" });
        return [reason, info.metadata];
      }),
    );
    expect(metadata).toEqual({
      INVALID_REQUEST: { violations: "1" },
      PAGE_TOKEN_INVALID: { field: "page_token" },
      MESSAGE_TOO_LARGE: { max_bytes: "65536" },
      QUOTA_EXCEEDED: {
        metric_code: "tracked_products",
        limit: "100",
        current: "98",
        requested: "3",
        remaining: "2",
        enforcement: "HARD",
        limit_source: "SUBSCRIBED_PLAN",
        plan_code: "starter",
        period_end: "2026-09-01T00:00:00.000Z",
      },
      NO_PLAN: { tenant_id: tenantId },
      METRIC_NOT_IN_PLAN: { metric_code: "tracked_products", plan_code: "starter" },
      PLAN_IN_USE: { plan_code: "starter", is_default: "true" },
      PLAN_NOT_FOUND: { plan_code: "startr" },
      SUBSCRIPTION_NOT_FOUND: { tenant_id: tenantId },
      API_KEY_NOT_FOUND: { api_key_id: tenantId },
      IDEMPOTENCY_KEY_REUSED: { idempotency_key: "order-4711", event_id: eventId },
      PLAN_EXISTS: { plan_code: "starter", revision: "3" },
      REVISION_MISMATCH: { plan_code: "starter", revision_sent: "3", revision_stored: "4" },
      COUNTER_OVERFLOW: {
        metric_code: "bytes",
        current: "9007199254740000",
        requested: "1000",
        max: "9007199254740991",
      },
      CREDENTIAL_MISSING: { scheme: "Bearer" },
      CREDENTIAL_INVALID: { scheme: "Bearer" },
      ROLE_NOT_ALLOWED: { role: "TENANT", method: "/quota.v1.PlanService/CreatePlan" },
      TENANT_MISMATCH: { tenant_id: tenantId },
      PLAN_CODE_NOT_ALLOWED: { role: "TENANT" },
      OVERLOADED: {},
      CALLER_THROTTLED: { scope: "api_key" },
      DATABASE_UNAVAILABLE: {},
      DRAINING: {},
      OUTCOME_UNKNOWN: { repeatable: "true" },
    });
  });

  it("has a RetryInfo exactly when a repeat may help", () => {
    for (const error of Object.values(sampleErrors).filter((sample) => sample.reason !== "QUOTA_EXCEEDED")) {
      const delayMs = retryDelayMs(statusOfDomainError(error));
      if (codeOf(error) === statusCodes.UNAVAILABLE) expect(delayMs).toBeGreaterThan(0);
      else expect(delayMs).toBeUndefined();
    }
    expect(retryDelayMs(statusOfDomainError(new OutcomeUnknownError(false, undefined)))).toBeUndefined();
  });

  it("tells that a plan is in use by subscriptions", () => {
    const { metadata } = errorInfo(statusOfDomainError(new PlanInUseError("starter", "SUBSCRIBED")));
    expect(metadata).toEqual({ plan_code: "starter", is_default: "false" });
  });

  it("names the page token as the bad field", () => {
    const violations = detail(statusOfDomainError(sampleErrors.PAGE_TOKEN_INVALID), BadRequestSchema)?.fieldViolations;
    expect(violations).toMatchObject([{ field: "page_token", description: "is older than 24 hours" }]);
  });

  it("cuts an idempotency key at 64 characters", () => {
    const { metadata } = errorInfo(statusOfDomainError(new IdempotencyKeyReusedError("k".repeat(128), eventId)));
    expect(metadata?.["idempotency_key"]).toBe(`${"k".repeat(61)}...`);
  });
});

describe("the status of an exceeded quota", () => {
  it("tells the tenant's quota and how long its period goes on", () => {
    const status = statusOfDomainError(quotaExceeded());
    expect(detail(status, QuotaFailureSchema)?.violations).toMatchObject([
      {
        subject: `tenant:${tenantId}`,
        description: status.message,
        quotaMetric: "tracked_products",
        quotaValue: 100n,
      },
    ]);
    expect(retryDelayMs(status)).toBe(90_500);
    expect(status.message).toBe("tracked_products: 3 more would exceed the limit of 100; 98 used in this period");
  });

  it("has remaining below zero when the limit was lowered", () => {
    const { metadata } = errorInfo(statusOfDomainError(quotaExceeded({ limit: 50n })));
    expect(metadata).toMatchObject({ limit: "50", current: "98", remaining: "-48" });
  });

  it("advises to wait when the amount is the whole limit, and not when it is more", () => {
    expect(retryDelayMs(statusOfDomainError(quotaExceeded({}, 100n)))).toBe(90_500);
    expect(retryDelayMs(statusOfDomainError(quotaExceeded({}, 101n)))).toBeUndefined();
  });

  it("of a LIFETIME limit knows no end and advises no waiting", () => {
    const status = statusOfDomainError(quotaExceeded({ periodKind: "LIFETIME" }));
    expect(errorInfo(status).metadata).not.toHaveProperty("period_end");
    expect(retryDelayMs(status)).toBeUndefined();
  });
});

describe("the status of an invalid request", () => {
  const invalid = (count: number, description: string) =>
    new InvalidRequestError(
      Array.from({ length: count }, (_, index) => ({ field: `plan.limits[${index}].metric_code`, description })),
    );

  it("names at most 20 fields and counts all of them", () => {
    const status = statusOfDomainError(invalid(21, "is bad"));
    expect(detail(status, BadRequestSchema)?.fieldViolations).toHaveLength(20);
    expect(errorInfo(status).metadata).toEqual({ violations: "21" });
  });

  it("tells the first three in its message and how many more there are", () => {
    expect(statusOfDomainError(invalid(3, "is bad")).message).toBe(
      "plan.limits[0].metric_code is bad; plan.limits[1].metric_code is bad; plan.limits[2].metric_code is bad",
    );
    expect(statusOfDomainError(invalid(5, "is bad")).message).toMatch(/; and 2 more$/);
  });

  it("stays within 4 KiB whatever was sent, and keeps as many fields as fit", () => {
    const status = statusOfDomainError(invalid(800, `${quoted("\u0000".repeat(70_000))} ${"x".repeat(150)}`));
    const shown = detail(status, BadRequestSchema)?.fieldViolations.length;
    const bytes = toBinary(StatusSchema, status);
    expect(bytes.byteLength).toBeLessThanOrEqual(statusBytesMax);
    // grpc-java takes 8 KiB of headers altogether.
    expect(Buffer.from(bytes).toString("base64").length + encodeURI(status.message).length).toBeLessThan(7 * 1024);
    expect(shown).toBeGreaterThan(5);
    expect(errorInfo(status).metadata).toEqual({ violations: "800" });
  });
});

describe("the status of an error that nobody expected", () => {
  it("tells nothing but the request id, and everything to the log", () => {
    const log = recordingLog();
    const error = new Error('duplicate key value violates unique constraint "quota_plan_pkey"');
    const status = statusOf(error, call, log);
    expect(status.code).toBe(statusCodes.INTERNAL);
    expect(errorInfo(status)).toEqual({
      reason: "INTERNAL",
      domain: "quota.v1",
      metadata: { request_id: "request-1" },
    });
    expect(Buffer.from(toBinary(StatusSchema, status)).toString("latin1")).not.toContain("quota_plan_pkey");
    expect(log.errors).toEqual([{ fields: { ...call, err: error }, message: "a call failed unexpectedly" }]);
  });

  it.each(["a text", undefined, null, { code: 8 }])("is INTERNAL even when %j was thrown", (thrown) => {
    expect(statusOf(thrown, call, recordingLog()).code).toBe(statusCodes.INTERNAL);
  });
});

describe("the log", () => {
  it("gets the cause of an outage, which the caller does not", () => {
    const log = recordingLog();
    const cause = new Error("connect ECONNREFUSED 10.0.0.7:5432");
    const status = statusOf(new DatabaseUnavailableError(cause), call, log);
    expect(Buffer.from(toBinary(StatusSchema, status)).toString("latin1")).not.toContain("10.0.0.7");
    expect(log.errors.map(({ fields }) => fields["err"])).toEqual([cause]);
  });

  it("hears nothing of refusals", () => {
    const log = recordingLog();
    statusOf(quotaExceeded(), call, log);
    expect(log.errors).toEqual([]);
  });
});
