import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  CheckQuotaRequestSchema,
  GetStatusRequestSchema,
  RecordUsageRequestSchema,
} from "../../gen/quota/v1/quota_service_pb.ts";
import { quotaQuestionOf } from "../../src/api/validation/check-quota-request.ts";
import { statusQuestionOf } from "../../src/api/validation/get-status-request.ts";
import { usageAttemptOf } from "../../src/api/validation/record-usage-request.ts";
import { violatedFields, violationsOf } from "./violations.ts";

type RecordInit = MessageInitShape<typeof RecordUsageRequestSchema>;

const tenantId = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e";
const good = { tenantId, metricCode: "tracked_products", amount: 3n };

function record(fields: RecordInit) {
  return usageAttemptOf(create(RecordUsageRequestSchema, { ...good, ...fields }));
}

describe("a RecordUsage request", () => {
  it("becomes an attempt with the tenant lower-cased and the metadata canonical", () => {
    const attempt = record({
      tenantId: tenantId.toUpperCase(),
      metadata: { b: 1, a: [null, true] },
      idempotencyKey: "order 4711",
      planCode: "starter",
    });
    expect(attempt).toEqual({
      tenantId,
      metricCode: "tracked_products",
      amount: 3n,
      metadata: '{"a":[null,true],"b":1}',
      idempotencyKey: "order 4711",
      planCode: "starter",
    });
  });

  it("leaves out what was not sent, and has empty metadata then", () => {
    expect(record({})).toEqual({ ...good, metadata: "{}" });
  });

  it.each<[string, RecordInit, string[]]>([
    ["no tenant", { tenantId: "" }, ["tenant_id"]],
    ["the nil UUID", { tenantId: "00000000-0000-0000-0000-000000000000" }, ["tenant_id"]],
    ["a UUID without hyphens", { tenantId: tenantId.replaceAll("-", "") }, ["tenant_id"]],
    ["a UUID in braces", { tenantId: `{${tenantId}}` }, ["tenant_id"]],
    ["a UUID with a line break after it", { tenantId: `${tenantId}\n` }, ["tenant_id"]],
    ["a digit that is none", { tenantId: tenantId.replace("0", "g") }, ["tenant_id"]],
    ["the largest UUID", { tenantId: "ffffffff-ffff-ffff-ffff-ffffffffffff" }, []],
    ["no metric", { metricCode: "" }, ["metric_code"]],
    ["a metric of one letter", { metricCode: "a" }, []],
    ["a metric of 100 characters", { metricCode: `a${"0".repeat(99)}` }, []],
    ["a metric of 101 characters", { metricCode: `a${"0".repeat(100)}` }, ["metric_code"]],
    ["a metric that begins with a digit", { metricCode: "1a" }, ["metric_code"]],
    ["a metric in capitals", { metricCode: "Api" }, ["metric_code"]],
    ["every allowed character", { metricCode: "az09_.-" }, []],
    ["a metric with a line break after it", { metricCode: "api\n" }, ["metric_code"]],
    ["a negative amount", { amount: -1n }, ["amount"]],
    ["no amount", { amount: 0n }, ["amount"]],
    ["the smallest amount", { amount: 1n }, []],
    ["the largest amount", { amount: 10n ** 15n }, []],
    ["one more than the largest amount", { amount: 10n ** 15n + 1n }, ["amount"]],
    ["the largest int64", { amount: 2n ** 63n - 1n }, ["amount"]],
    ["an empty key", { idempotencyKey: "" }, ["idempotency_key"]],
    ["a key of one space", { idempotencyKey: " " }, []],
    ["a key of 128 characters", { idempotencyKey: "~".repeat(128) }, []],
    ["a key of 129 characters", { idempotencyKey: "~".repeat(129) }, ["idempotency_key"]],
    ["a key with DEL", { idempotencyKey: "a\x7f" }, ["idempotency_key"]],
    ["a key with a tab", { idempotencyKey: "a\tb" }, ["idempotency_key"]],
    ["a key with an umlaut", { idempotencyKey: "schlüssel" }, ["idempotency_key"]],
    ["an empty plan code", { planCode: "" }, ["plan_code"]],
    ["a plan code of 101 characters", { planCode: "p".repeat(101) }, ["plan_code"]],
  ])("with %s", (_name, fields, expected) => {
    expect(violatedFields(() => record(fields))).toEqual(expected);
  });

  it.each<[string, RecordInit["metadata"], boolean]>([
    ["exactly 8 KiB", { a: "x".repeat(8192 - 8) }, true],
    ["8 KiB and a byte", { a: "x".repeat(8192 - 7) }, false],
    ["8 KiB in characters but not in bytes", { a: "é".repeat(8192 - 8) }, false],
    ["8 levels", nested(8), true],
    ["9 levels", nested(9), false],
    ["8 levels, lists among them", { a: [[[[[[[]]]]]]] }, true],
    ["9 levels, lists among them", { a: [[[[[[[[]]]]]]]] }, false],
    ["not a number", { a: Number.NaN }, false],
    ["an infinite number", { a: [Number.NEGATIVE_INFINITY] }, false],
    ["the largest finite number", { a: Number.MAX_VALUE }, true],
    ["U+0000 in a text", { a: ["b\u0000"] }, false],
    ["U+0000 in a name", { "a\u0000": 1 }, false],
    ["half a surrogate pair in a text", { a: "\ud800" }, false],
    ["half a surrogate pair in a name", { "\udc00": 1 }, false],
    ["a whole surrogate pair", { "😀": "😀" }, true],
    ["names that objects have by birth", { constructor: 1, toString: null, hasOwnProperty: {} }, true],
  ])("with metadata of %s", (_name, metadata, isAllowed) => {
    expect(violatedFields(() => record({ metadata }))).toEqual(isAllowed ? [] : ["metadata"]);
  });

  it("keeps a metadata member named __proto__ as what it is: a member", () => {
    const attempt = record({ metadata: JSON.parse('{"__proto__":{"admin":true}}') });
    expect(attempt.metadata).toBe('{"__proto__":{"admin":true}}');
  });

  it("names every bad field at once, with what was sent and what is allowed", () => {
    const violations = violationsOf(() =>
      record({ tenantId: "t\u001b[31m", metricCode: "API", amount: -5n, idempotencyKey: "", planCode: "" }),
    );
    expect(violations).toEqual([
      'tenant_id "t\\u001b[31m" is not a UUID in its hyphenated form of 36 characters',
      'metric_code "API" does not match ^[a-z][a-z0-9_.-]{0,99}$',
      "amount -5 is outside of 1 to 1000000000000000",
      "idempotency_key is empty; 1 to 128 printable ASCII characters are allowed",
      "plan_code is empty; 1 to 100 characters are required, ^[a-z][a-z0-9_.-]{0,99}$",
    ]);
  });
});

/** An object of this many levels, itself the first. */
function nested(levels: number): JsonObject {
  return levels === 1 ? {} : { a: nested(levels - 1) };
}

describe("a CheckQuota request", () => {
  const check = (fields: MessageInitShape<typeof CheckQuotaRequestSchema>) =>
    quotaQuestionOf(create(CheckQuotaRequestSchema, { ...good, ...fields }));

  it("becomes a question with the tenant lower-cased", () => {
    expect(check({ tenantId: tenantId.toUpperCase() })).toEqual(good);
    expect(check({ planCode: "gold" })).toEqual({ ...good, planCode: "gold" });
  });

  it("has every bad field named", () => {
    const validation = () => check({ tenantId: "", metricCode: "", amount: 0n, planCode: "" });
    expect(violatedFields(validation)).toEqual(["tenant_id", "metric_code", "amount", "plan_code"]);
  });
});

describe("a GetStatus request", () => {
  const status = (metricCodes: string[]) => statusQuestionOf(create(GetStatusRequestSchema, { tenantId, metricCodes }));

  it("may name no metric, or 200", () => {
    const codes = Array.from({ length: 200 }, (_, index) => `m${index}`);
    expect(status([]).metricCodes).toEqual([]);
    expect(status(codes).metricCodes).toEqual(codes);
  });

  it("is refused with 201 metrics, and says so once whatever they are", () => {
    expect(violationsOf(() => status(Array.from({ length: 201 }, () => "m")))).toEqual([
      "metric_codes has 201 items, at most 200 are allowed",
    ]);
  });

  it("has every bad metric named by its position", () => {
    expect(violatedFields(() => status(["a", "", "b", "C"]))).toEqual(["metric_codes[1]", "metric_codes[3]"]);
  });
});
