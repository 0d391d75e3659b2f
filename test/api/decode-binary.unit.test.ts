import { describe, expect, it } from "vitest";
import { CreatePlanRequestSchema } from "../../gen/quota/v1/plan_service_pb.ts";
import { RecordUsageRequestSchema } from "../../gen/quota/v1/quota_service_pb.ts";
import { requestDecoder } from "../../src/api/decoding/decode-binary.ts";
import { usageAttemptOf } from "../../src/api/validation/record-usage-request.ts";
import { violationsOf } from "./violations.ts";
import {
  field,
  listValue,
  member,
  metadataField,
  noKind,
  nullValue,
  numberValue,
  recordUsageBytes,
  structValue,
  textValue,
  varintField,
} from "./wire-bytes.ts";

const decode = requestDecoder(RecordUsageRequestSchema);
const attempt = (...more: Buffer[]) => usageAttemptOf(decode(recordUsageBytes(...more)));
const problems = (...more: Buffer[]) => violationsOf(() => attempt(...more));
const metadataOf = (...members: Buffer[]) => attempt(metadataField(...members)).metadata;
const problemsOfMetadata = (...members: Buffer[]) => problems(metadataField(...members));

function nested(levels: number, wrap: (inner: Buffer) => Buffer): Buffer {
  let value = textValue("x");
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

describe("metadata on the wire", () => {
  it("keeps members named like what objects have by birth, however deep", () => {
    const text = metadataOf(
      member("__proto__", structValue(member("admin", textValue("yes")))),
      member("a", listValue(structValue(member("__proto__", textValue("deep"))))),
      member("constructor", nullValue()),
    );
    expect(text).toBe('{"__proto__":{"admin":"yes"},"a":[{"__proto__":"deep"}],"constructor":null}');
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });

  it("keeps a null that was sent", () => {
    expect(metadataOf(member("a", listValue(nullValue(), structValue(member("b", nullValue())))))).toBe(
      '{"a":[null,{"b":null}]}',
    );
  });

  it.each<[string, Buffer]>([
    ["a value without a kind", member("a", noKind)],
    ["a member without a value", field(1, field(1, "a"))],
    ["a value without a kind in a list", member("a", listValue(nullValue(), noKind))],
    ["a value without a kind in a struct in a list", member("a", listValue(structValue(member("b", noKind))))],
    ["a null of another number", member("a", nullValue(5))],
  ])("is refused with %s, which would become a null that nobody sent", (_name, members) => {
    expect(problemsOfMetadata(members)).toEqual(["metadata holds a google.protobuf.Value without a kind"]);
  });

  it("is looked through in every part when it comes in parts", () => {
    const parts = [metadataField(member("a", textValue("1"))), metadataField(member("b", noKind))];
    expect(problems(...parts)).toEqual(["metadata holds a google.protobuf.Value without a kind"]);
    expect(attempt(...parts.slice(0, 1), metadataField(member("b", nullValue()))).metadata).toBe('{"a":"1","b":null}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("is refused with %d", (number) => {
    expect(problemsOfMetadata(member("a", numberValue(number)))).toEqual([
      `metadata holds the number ${number}, only finite numbers are allowed`,
    ]);
  });

  it("is refused with U+0000", () => {
    expect(problemsOfMetadata(member("a", textValue("\u0000")))).toHaveLength(1);
    expect(problemsOfMetadata(member("\u0000", textValue("a")))).toHaveLength(1);
  });

  it.each([
    ["structs", (inner: Buffer) => structValue(member("a", inner))],
    ["lists", (inner: Buffer) => listValue(inner)],
  ])("is refused when %s are nested, 9 levels deep or 1,000", (_name, wrap) => {
    expect(problemsOfMetadata(member("a", nested(8, wrap)))).toEqual(["metadata is nested deeper than 8 levels"]);
    expect(problemsOfMetadata(member("a", nested(1_000, wrap)))).toEqual(["metadata is nested too deeply"]);
  });

  it("is refused with text that is not UTF-8, half a surrogate pair among it", () => {
    const expected = ["metadata holds text that is not valid UTF-8"];
    expect(problemsOfMetadata(member("a", textValue(Buffer.from([0xff]))))).toEqual(expected);
    expect(problemsOfMetadata(member(Buffer.from([0xed, 0xa0, 0x80]), textValue("a")))).toEqual(expected);
  });
});

describe("a request that cannot be read", () => {
  it("has its unreadable fields named, all of them", () => {
    const bytes = Buffer.concat([field(1, Buffer.from([0xc3])), field(2, Buffer.from([0xff])), varintField(3, 1)]);
    expect(violationsOf(() => decode(bytes))).toEqual([
      "tenant_id holds text that is not valid UTF-8",
      "metric_code holds text that is not valid UTF-8",
    ]);
  });

  it("has the outermost field named when the fault lies within", () => {
    const limit = field(3, field(1, Buffer.from([0xff])));
    const bytes = field(1, Buffer.concat([field(1, "starter"), limit]));
    expect(violationsOf(() => requestDecoder(CreatePlanRequestSchema)(bytes))).toEqual([
      "plan holds text that is not valid UTF-8",
    ]);
  });

  it.each<[string, Buffer]>([
    ["is cut off within a field", recordUsageBytes().subarray(0, 20)],
    ["is cut off within a number", Buffer.from([0x18, 0xff])],
    ["begins with field number 0", Buffer.from([0x00, 0x01])],
    ["is not protobuf at all", Buffer.from("POST /quota HTTP/1.1\r\n")],
    ["has a group that does not end", Buffer.from([0x0b, 0x0b, 0x0b])],
    [
      "is a thousand nested groups of an unknown field",
      Buffer.concat(Array.from({ length: 1_000 }, () => Buffer.from([0xa3, 0x06]))),
    ],
    ["holds an overlong number", Buffer.concat([Buffer.from([0x18]), Buffer.alloc(11, 0xff)])],
  ])("says so when it %s", (_name, bytes) => {
    expect(violationsOf(() => decode(bytes))).toHaveLength(1);
  });

  it("is searched for unreadable fields up to the thousandth, so that rubbish buys no long search", () => {
    const good = (count: number) => Buffer.concat(Array.from({ length: count }, () => varintField(3, 1)));
    const bad = field(2, Buffer.from([0xff]));
    expect(violationsOf(() => decode(Buffer.concat([good(999), bad])))).toEqual([
      "metric_code holds text that is not valid UTF-8",
    ]);
    expect(violationsOf(() => decode(Buffer.concat([good(1_000), bad])))).toEqual([
      "request holds text that is not valid UTF-8 (quota.v1.RecordUsageRequest)",
    ]);
  });

  it("is not one that only has fields of another version", () => {
    expect(problems(field(1_000, "later"), varintField(1_001, 7))).toEqual([]);
  });
});
