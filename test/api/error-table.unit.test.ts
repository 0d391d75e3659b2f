import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ErrorReasonSchema } from "../../gen/quota/v1/error_reason_pb.ts";
import { codeOf, codesByReason } from "../../src/api/errors/reason-codes.ts";
import { statusCodes } from "../../src/api/errors/status-code.ts";
import { OutcomeUnknownError } from "../../src/domain/errors/availability-errors.ts";
import { sampleErrors } from "./sample-errors.ts";

/** The table of the contract, copied out by hand: what the code says must not be what it is held against. */
const contract: Readonly<Record<string, readonly string[]>> = {
  INVALID_ARGUMENT: ["INVALID_REQUEST", "PAGE_TOKEN_INVALID", "MESSAGE_TOO_LARGE"],
  RESOURCE_EXHAUSTED: ["QUOTA_EXCEEDED"],
  FAILED_PRECONDITION: ["NO_PLAN", "METRIC_NOT_IN_PLAN", "PLAN_IN_USE"],
  NOT_FOUND: ["PLAN_NOT_FOUND", "SUBSCRIPTION_NOT_FOUND", "API_KEY_NOT_FOUND"],
  ALREADY_EXISTS: ["IDEMPOTENCY_KEY_REUSED", "PLAN_EXISTS"],
  ABORTED: ["REVISION_MISMATCH"],
  OUT_OF_RANGE: ["COUNTER_OVERFLOW"],
  UNAUTHENTICATED: ["CREDENTIAL_MISSING", "CREDENTIAL_INVALID"],
  PERMISSION_DENIED: ["ROLE_NOT_ALLOWED", "TENANT_MISMATCH", "PLAN_CODE_NOT_ALLOWED"],
  UNAVAILABLE: ["OVERLOADED", "CALLER_THROTTLED", "DATABASE_UNAVAILABLE", "DRAINING", "OUTCOME_UNKNOWN"],
  INTERNAL: ["INTERNAL"],
};

const codeNames = new Map(Object.entries(statusCodes).map(([name, code]) => [code, name]));

function reasonsOfEnum(): string[] {
  return ErrorReasonSchema.values
    .filter(({ number }) => number !== 0)
    .map(({ name }) => name.replace("ERROR_REASON_", ""));
}

/** The code that the comment of each value of ErrorReason begins with. */
function codesInComments(): Record<string, string> {
  const proto = readFileSync(join(import.meta.dirname, "../../proto/quota/v1/error_reason.proto"), "utf8");
  const entries = proto.matchAll(/\/\/ Code: ([A-Z_]+)[\s\S]*?ERROR_REASON_([A-Z_]+) = \d+;/g);
  return Object.fromEntries([...entries].map(([, code = "", reason = ""]) => [reason, code]));
}

describe("the table of reasons and codes", () => {
  it("has every reason of the enum once and no other", () => {
    expect(Object.keys(codesByReason).sort()).toEqual(reasonsOfEnum().sort());
  });

  it("is the contract's", () => {
    const expected = Object.entries(contract).flatMap(([code, reasons]) => reasons.map((reason) => [reason, code]));
    const actual = Object.entries(codesByReason).map(([reason, code]) => [reason, codeNames.get(code)]);
    expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
  });

  it("is what the comments of the enum say", () => {
    const actual = Object.entries(codesByReason).map(([reason, code]) => [reason, codeNames.get(code)]);
    expect(codesInComments()).toEqual(Object.fromEntries(actual));
  });

  it("holds for every error that the service throws", () => {
    for (const [reason, error] of Object.entries(sampleErrors)) {
      expect(error.reason).toBe(reason);
      expect(contract[codeNames.get(codeOf(error)) ?? ""]).toContain(reason);
    }
  });

  it("has one exception: without a key, an unknown outcome must not be retried by itself", () => {
    expect(codeNames.get(codeOf(new OutcomeUnknownError(true, undefined)))).toBe("UNAVAILABLE");
    expect(codeNames.get(codeOf(new OutcomeUnknownError(false, undefined)))).toBe("UNKNOWN");
  });
});
