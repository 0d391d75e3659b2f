import { expect } from "vitest";
import { aCode, aTenant } from "../support/builders.ts";
import { RefusedCallError, refusalOfCall } from "../support/grpc-client.ts";

/** Values of one field that must pass, and values that must be refused in its name. */
export interface FieldBounds<Fields> {
  /** As BadRequest names it. */
  readonly field: string;
  readonly good: readonly Fields[];
  readonly bad: readonly Fields[];
}

/** Values at a bound or within, and values beyond. */
export interface Values<T> {
  readonly good: readonly T[];
  readonly bad: readonly T[];
}

/** The table row of a field, from its values and what puts one into a request. */
export function bounds<T, Fields>(field: string, values: Values<T>, put: (value: T) => Fields): FieldBounds<Fields> {
  return { field, good: values.good.map(put), bad: values.bad.map(put) };
}

/** What a request may meet once its fields are found good. */
const reasonsBehindTheChecks = new Set([
  "QUOTA_EXCEEDED",
  "NO_PLAN",
  "METRIC_NOT_IN_PLAN",
  "PLAN_NOT_FOUND",
  "PLAN_IN_USE",
  "SUBSCRIPTION_NOT_FOUND",
  "REVISION_MISMATCH",
]);

/** Longest description of one violation: a value cut at 64 characters, and what is allowed. */
const descriptionLengthMax = 250;

/** Calls with every value of the table; the rest of each request must be good. */
export async function proveBounds<Fields>(
  call: (fields: Fields) => Promise<unknown>,
  { field, good, bad }: FieldBounds<Fields>,
): Promise<void> {
  for (const fields of good) {
    const reason = await call(fields).then(() => undefined, reasonOfRefusal);
    if (reason !== undefined) expect([...reasonsBehindTheChecks], shown(fields)).toContain(reason);
  }
  for (const fields of bad) expect(await violationsOf(call(fields)), shown(fields)).toEqual([field]);
}

/** The fields that a refused request is told about, in the order of the answer. */
export async function violationsOf(call: Promise<unknown>): Promise<string[]> {
  const { code, reason, info, badRequest, message } = await refusalOfCall(call);
  expect([code, reason, info?.domain]).toEqual(["INVALID_ARGUMENT", "INVALID_REQUEST", "quota.v1"]);
  const violations = badRequest?.fieldViolations ?? [];
  expect(info?.metadata).toEqual({ violations: `${violations.length}` });
  for (const { description } of violations) {
    expect(description).toMatch(/^[\x20-\x7e]+$/);
    expect(description.length).toBeLessThanOrEqual(descriptionLengthMax);
  }
  expect(message).toMatch(/^[\x20-\x7e]+$/);
  return violations.map((violation) => violation.field);
}

function reasonOfRefusal(error: unknown): string {
  if (!(error instanceof RefusedCallError)) throw error;
  return error.refusal.reason ?? error.message;
}

function shown(fields: unknown): string {
  return JSON.stringify(fields, (_, value) => (typeof value === "bigint" ? `${value}n` : value)).slice(0, 200);
}

export const tenants: Values<string> = {
  good: [
    aTenant(),
    aTenant().toUpperCase(),
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "00000000-0000-0000-0000-000000000001",
  ],
  bad: [
    "",
    "00000000-0000-0000-0000-000000000000",
    "0198a3c27d1e7c4b9a553f0f5b1c2d3e",
    "{0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e}",
    "urn:uuid:0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e",
    "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3",
    "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e0",
    "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3g",
    " 0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e",
    "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e\n",
    "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e' or true --",
    "\u0000",
    "x".repeat(10_000),
  ],
};

export const codes: Values<string> = {
  good: ["a", aCode("z"), `z${"9".repeat(99)}`, "a_.-9", "a..", "null"],
  bad: [
    "",
    "A",
    "aB",
    "1a",
    "_a",
    ".a",
    "-a",
    "a b",
    " a",
    "a ",
    "a\n",
    "a\u0000",
    "a/b",
    "a*",
    "\u0430",
    "\u00e4",
    "a\u001b[31m",
    `a${"0".repeat(100)}`,
    "x".repeat(20_000),
  ],
};

export const limits: Values<bigint> = {
  good: [0n, 1n, 2n ** 53n - 1n],
  bad: [-1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)],
};

export const amounts: Values<bigint> = {
  good: [1n, 10n ** 15n],
  bad: [0n, -1n, 10n ** 15n + 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)],
};

export const pageSizes: Values<number> = { good: [0, 1, 1_000, 1_001, 2 ** 31 - 1], bad: [-1, -(2 ** 31)] };

/** Texts for people, of at most 200 characters; a character beyond the BMP counts once. */
export const texts: Values<string> = {
  good: ["", "x".repeat(200), "\u{1f600}".repeat(200), "a\tb\nc", "\u0001", "'; drop table quota_plan; --"],
  bad: ["x".repeat(201), "\u{1f600}".repeat(201), "a\u0000b", "\u0000"],
};

/** google.protobuf.Timestamp, from the epoch to the last millisecond of 9999. */
export const instants: Values<{ seconds: bigint; nanos: number }> = {
  good: [
    { seconds: 0n, nanos: 0 },
    { seconds: 0n, nanos: 999_999_999 },
    { seconds: 253_402_300_799n, nanos: 999_999_999 },
  ],
  bad: [
    { seconds: -1n, nanos: 0 },
    { seconds: -1n, nanos: 999_999_999 },
    { seconds: 253_402_300_800n, nanos: 0 },
    { seconds: 0n, nanos: -1 },
    { seconds: 0n, nanos: 1_000_000_000 },
    { seconds: 2n ** 63n - 1n, nanos: 0 },
    { seconds: -(2n ** 63n), nanos: 0 },
  ],
};
