import type { DescMessage } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CreatePlanRequestSchema } from "../../gen/quota/v1/plan_service_pb.ts";
import { ListEventsRequestSchema, RecordUsageRequestSchema } from "../../gen/quota/v1/quota_service_pb.ts";
import { jsonRequestDecoder } from "../../src/api/decoding/decode-json.ts";
import { usageAttemptOf } from "../../src/api/validation/record-usage-request.ts";
import { violationsOf } from "./violations.ts";
import { tenantId } from "./wire-bytes.ts";

const bytesOf = (text: string | Uint8Array) => Buffer.from(text);
const problemsIn = (schema: DescMessage, text: string | Uint8Array) =>
  violationsOf(() => jsonRequestDecoder(schema)(bytesOf(text)));
const problems = (text: string | Uint8Array) => problemsIn(RecordUsageRequestSchema, text);
const read = (text: string) => jsonRequestDecoder(RecordUsageRequestSchema)(bytesOf(text));
const metadataOf = (text: string) =>
  usageAttemptOf(read(`{"tenantId":"${tenantId}","metricCode":"a","amount":1,"metadata":${text}}`)).metadata;

const wholeNumber = "a whole number of at most 64 bits, as it is or as text in decimal digits";

describe("a request in JSON", () => {
  it("may use the names of the contract or those of JSON", () => {
    expect(read(`{"tenant_id":"${tenantId}","metricCode":"a"}`)).toMatchObject({ tenantId, metricCode: "a" });
  });

  it.each(["7", '"7"', "7.0", "70e-1"])("may say 7 as %s", (seven) => {
    expect(read(`{"amount":${seven}}`).amount).toBe(7n);
  });

  it("takes null for a field that is left out", () => {
    expect(read('{"tenantId":null,"metadata":null,"idempotencyKey":null,"amount":null}')).toEqual(read("{}"));
  });

  it.each<[string, string, string]>([
    ["no number", '{"amount":"seven"}', `amount is "seven", not ${wholeNumber}`],
    ["an empty number", '{"amount":""}', `amount is "", not ${wholeNumber}`],
    ["a number in hexadecimal", '{"amount":"0x10"}', `amount is "0x10", not ${wholeNumber}`],
    ["a number with a space before it", '{"amount":" 5"}', `amount is " 5", not ${wholeNumber}`],
    ["half a number", '{"amount":1.5}', `amount is 1.5, not ${wholeNumber}`],
    [
      "a number past 64 bits",
      '{"amount":"9223372036854775808"}',
      `amount is "9223372036854775808", not ${wholeNumber}`,
    ],
    ["true for a number", '{"amount":true}', `amount is true, not ${wholeNumber}`],
    ["a number for text", '{"tenantId":5}', "tenant_id is 5, not text in quotation marks"],
    ["a list for metadata", '{"metadata":[1]}', "metadata is an array, not a JSON object"],
    [
      "digits that JSON loses",
      '{"amount":9007199254740993}',
      "amount is the number 9007199254740993, of which a JSON number loses digits; send it as text",
    ],
    [
      "an unknown field",
      '{"tenant":"x"}',
      "tenant is not known; known are tenant_id, metric_code, amount, metadata, idempotency_key, plan_code",
    ],
    ["a field twice", '{"amount":1,"amount":2}', "amount is given more than once"],
    [
      "a field under both names",
      '{"planCode":"a","plan_code":"b"}',
      "plan_code is given twice, as planCode and plan_code",
    ],
    ["half a surrogate pair", '{"planCode":"\\ud800"}', 'plan_code is the text "\\ud800" with half a surrogate pair'],
  ])("with %s is refused", (_name, text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it("has every bad field named at once", () => {
    expect(
      problems('{"tenantId":1,"x":2,"amount":"","metadata":{"a":1e999}}').map((text) => text.split(" ")[0]),
    ).toEqual(["metadata", "tenant_id", "x", "amount"]);
  });

  it("has fields within messages and lists named by their way", () => {
    const text = '{"plan":{"code":"a","limits":[{"metricCode":"x","limit":""},{"foo":1},null,7]}}';
    expect(problemsIn(CreatePlanRequestSchema, text)).toEqual([
      `plan.limits[0].limit is "", not ${wholeNumber}`,
      "plan.limits[1].foo is not known; known are metric_code, limit, enforcement, period_kind, unlimited",
      "plan.limits[2] is null, not a JSON object",
      "plan.limits[3] is 7, not a JSON object",
    ]);
    expect(problemsIn(CreatePlanRequestSchema, '{"plan":{"limits":[{},{"limit":1,"limit":2}]}}')).toEqual([
      "plan.limits[1].limit is given more than once",
    ]);
    expect(problemsIn(CreatePlanRequestSchema, '{"plan":{"limits":{}}}')).toEqual([
      "plan.limits is an object, not a JSON array",
    ]);
  });

  it("has what is allowed told of enums, times and small numbers", () => {
    const text = '{"order":"UP","createdFrom":"today","pageSize":3000000000}';
    expect(problemsIn(ListEventsRequestSchema, text)).toEqual([
      'order is "UP", not one of EVENT_ORDER_UNSPECIFIED, EVENT_ORDER_NEWEST_FIRST, EVENT_ORDER_OLDEST_FIRST',
      'created_from is "today", not a time such as 2026-11-24T09:30:00Z',
      "page_size is 3000000000, not a whole number of at most 32 bits, as it is or as text in decimal digits",
    ]);
  });

  it.each<[string, string | Uint8Array, string]>([
    ["nothing", "", "is not JSON"],
    ["cut off", '{"amount":1', "is not JSON"],
    ["a comment", "{} // why", "is not JSON"],
    ["behind a byte order mark", "\ufeff{}", "is not JSON"],
    ["not UTF-8", Buffer.from([0x22, 0xff, 0x22]), "holds text that is not valid UTF-8"],
    ["a list", "[]", "is an array, not a JSON object"],
    ["null", "null", "is null, not a JSON object"],
    ["a text", '"x"', 'is "x", not a JSON object'],
  ])("is refused when it is %s", (_name, text, expected) => {
    expect(problems(text)).toEqual([`request ${expected}`]);
  });
});

describe("metadata in JSON", () => {
  it("is kept to the letter, members named like what objects have by birth among it", () => {
    expect(metadataOf('{"b":[null,{"c":0.1}],"__proto__":{"x":1},"constructor":null,"a":1e22}')).toBe(
      '{"__proto__":{"x":1},"a":1e+22,"b":[null,{"c":0.1}],"constructor":null}',
    );
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });

  it.each<[string, string]>([
    ['{"a":{"b":[1,{"c":1,"c":2}]}}', 'metadata holds "c" more than once'],
    ['{"a":[{"\\u0061":1,"a":2}]}', 'metadata holds "a" more than once'],
    ['{"a":[1,-1e400]}', "metadata holds the number -1e400, only finite numbers are allowed"],
    [
      '{"id":12345678901234567890}',
      "metadata holds the number 12345678901234567890, of which a JSON number loses digits; send it as text",
    ],
    ['{"a":["\\udc00"]}', 'metadata holds the text "\\udc00" with half a surrogate pair'],
    ['{"\\ud800":1}', 'metadata holds the text "\\ud800" with half a surrogate pair'],
  ])("%s is refused", (text, expected) => {
    expect(problems(`{"metadata":${text}}`)).toEqual([expected]);
  });

  it.each(['{"a":"{\\"b\\":1,\\"b\\":2}"}', '{"a":[{"b":1},{"b":2}],"b":{"a":1}}', '{"a":"\\ud83d\\ude00"}'])(
    "%s only looks like a bad one",
    (text) => {
      expect(problems(`{"metadata":${text}}`)).toEqual([]);
    },
  );

  it.each([100, 10_000])("is refused when it is nested %i levels deep", (depth) => {
    const text = `{"metadata":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`;
    expect(problems(text)).toEqual(["metadata is nested too deeply"]);
  });
});
