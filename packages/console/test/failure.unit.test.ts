import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { BadRequestSchema, ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { failureOf, isWorthRetrying } from "../src/api/failure.ts";

/** An error as the service sends one. */
function serviceError(code: Code, reason: string, message: string): ConnectError {
  return new ConnectError(message, code, { "x-request-id": "req-7" }, [
    { desc: ErrorInfoSchema, value: { reason, domain: "quota.v1" } },
    {
      desc: BadRequestSchema,
      value: { fieldViolations: [{ field: "page_size", description: "must not be negative" }] },
    },
  ]);
}

describe("a failure", () => {
  it("says what the service said, why, and under which request id", () => {
    const failure = failureOf(serviceError(Code.InvalidArgument, "INVALID_REQUEST", "page_size: -1"));
    expect(failure).toMatchObject({
      title: "The service does not accept these filters",
      message: "page_size: -1",
      reason: "INVALID_REQUEST",
      requestId: "req-7",
      isTransient: false,
    });
    expect(failure.violations).toMatchObject([{ field: "page_size", description: "must not be negative" }]);
  });

  it("names a service that is not there, in words of its own", () => {
    const cause = new TypeError("Failed to fetch");
    const error = new ConnectError(cause.message, Code.Unknown, undefined, undefined, cause);
    const told = { title: "The service cannot be reached", reason: "NO_ANSWER", isTransient: true };
    expect(failureOf(error)).toMatchObject(told);
  });

  it("names a role that may not read", () => {
    expect(failureOf(serviceError(Code.PermissionDenied, "ROLE_NOT_ALLOWED", "no")).title).toContain("role");
  });

  it("is repeated only where the service is briefly unavailable", () => {
    expect(isWorthRetrying(serviceError(Code.Unavailable, "OVERLOADED", "busy"))).toBe(true);
    expect(isWorthRetrying(serviceError(Code.InvalidArgument, "INVALID_REQUEST", "no"))).toBe(false);
    expect(isWorthRetrying(serviceError(Code.Internal, "INTERNAL", "defect"))).toBe(false);
  });
});
