import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { ListValueSchema, NullValue, StructSchema, type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CreatePlanRequestSchema } from "../../gen/quota/v1/plan_service_pb.ts";
import { GetStatusRequestSchema } from "../../gen/quota/v1/quota_service_pb.ts";
import type { PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { violationsOf } from "./field-bounds.ts";
import { hard, noon, refused, tenantOn, unlimited } from "./fixtures.ts";
import { detailsOf, ofSize, recordUsagePath, withMetadataBytes, withStruct } from "./raw-requests.ts";
import { countEvents } from "./stored-rows.ts";

const metadataBytesMax = 8 * 1024;
const requestBytesMax = 64 * 1024;
const statusBytesMax = 4 * 1024;
const createPlanPath = "/quota.v1.PlanService/CreatePlan";

/** Objects in each other, the outermost of which is depth 1. */
function nested(depth: number): JsonObject {
  return depth === 1 ? {} : { a: nested(depth - 1) };
}

/** Lists in each other in one object, which is depth 1. */
function nestedLists(depth: number): JsonObject {
  let value: JsonValue = "leaf";
  for (let level = 1; level < depth; level += 1) value = [value];
  return { a: value };
}

function aValue(kind: Value["kind"]): Value {
  return create(ValueSchema, { kind });
}

describe("bounds of metadata and of whole messages", () => {
  let app: TestApp;
  let tenantId: string;

  beforeAll(async () => {
    app = await startTestApp();
    await app.setClock(noon);
    ({ tenantId } = await tenantOn(app, unlimited("items")));
  });

  afterAll(async () => {
    await app.stop();
  });

  const request = () => ({ tenantId, metricCode: "items", amount: 1n });
  const record = (metadata: JsonObject) => app.quota.recordUsage({ ...request(), metadata });
  const send = (bytes: Buffer) => app.connection.callRaw(recordUsagePath, bytes);

  it.each<[string, JsonObject]>([
    ["one text", {}],
    ["one name", { ["x".repeat(5_000)]: null }],
    ["characters of two bytes", { a: "\u00e4".repeat(4_000) }],
    ["characters of four bytes", { a: "\u{1f600}".repeat(2_000) }],
    ["characters that JSON escapes", { a: '"\\\n'.repeat(1_300) }],
    ["numbers", { a: Array<number>(2_000).fill(17) }],
  ])("bounds: metadata of 8 KiB as JSON in UTF-8 is taken, and one byte more is refused: %s", async (_, content) => {
    const padded = (size: number): JsonObject => {
      const sizeBefore = Buffer.byteLength(JSON.stringify({ ...content, pad: "" }));
      return { ...content, pad: "x".repeat(size - sizeBefore) };
    };
    const largest = padded(metadataBytesMax);
    expect(Buffer.byteLength(JSON.stringify(largest))).toBe(metadataBytesMax);
    expect((await record(largest)).event?.metadata).toEqual(largest);
    expect(await violationsOf(record(padded(metadataBytesMax + 1)))).toEqual(["metadata"]);
  });

  it("bounds: metadata of 9 KiB is refused, whatever it is made of", async () => {
    for (const metadata of [{ a: "x".repeat(9 * 1024) }, { a: Array<number>(4_608).fill(1) }]) {
      expect(await violationsOf(record(metadata))).toEqual(["metadata"]);
    }
  });

  it("bounds: metadata of 8 levels is taken, and of 9 refused; a text or number is no level", async () => {
    for (const make of [nested, nestedLists]) {
      const deepest = make(8);
      expect((await record(deepest)).event?.metadata).toEqual(deepest);
      expect(await violationsOf(record(make(9)))).toEqual(["metadata"]);
      expect(await violationsOf(record(make(50)))).toEqual(["metadata"]);
    }
    const { events } = await app.quota.listEvents({ tenantId, pageSize: 2 });
    expect(events.map((event) => event.metadata)).toEqual([nestedLists(8), nested(8)]);
  });

  it("bounds: metadata that no decoder would follow to its end is refused as metadata", async () => {
    let bytes = toBinary(ListValueSchema, create(ListValueSchema));
    for (let level = 0; level < 3_000; level += 1) {
      const length = bytes.byteLength;
      const prefix = [0x0a, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
      bytes = new Uint8Array([...prefix, ...bytes]);
    }
    expect(await violationsOf(send(withMetadataBytes(request(), bytes)))).toEqual(["metadata"]);
  });

  it.each<[string, Record<string, Value>]>([
    ["NaN", { a: aValue({ case: "numberValue", value: Number.NaN }) }],
    ["Infinity", { a: aValue({ case: "numberValue", value: Number.POSITIVE_INFINITY }) }],
    ["-Infinity", { a: aValue({ case: "numberValue", value: Number.NEGATIVE_INFINITY }) }],
    [
      "NaN in a list",
      {
        a: aValue({
          case: "listValue",
          value: create(ListValueSchema, { values: [aValue({ case: "numberValue", value: Number.NaN })] }),
        }),
      },
    ],
    ["U+0000 in a text", { a: aValue({ case: "stringValue", value: "x\u0000y" }) }],
    ["U+0000 in a name", { "\u0000": aValue({ case: "nullValue", value: NullValue.NULL_VALUE }) }],
    [
      "U+0000 in a name within",
      {
        a: aValue({
          case: "structValue",
          value: create(StructSchema, { fields: { "b\u0000": aValue({ case: "boolValue", value: true }) } }),
        }),
      },
    ],
    ["a value without a kind", { a: aValue({ case: undefined }) }],
  ])("bounds: metadata with %s is refused", async (_, fields) => {
    expect(await violationsOf(send(withStruct(request(), fields)))).toEqual(["metadata"]);
  });

  it("bounds: metadata that is no UTF-8, half a surrogate pair included, is refused", async () => {
    for (const text of [[0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      const value = [0x1a, text.length, ...text];
      const entry = [0x0a, 1, 0x61, 0x12, value.length, ...value];
      const bytes = new Uint8Array([0x0a, entry.length, ...entry]);
      expect(await violationsOf(send(withMetadataBytes(request(), bytes)))).toEqual(["metadata"]);
    }
  });

  it("bounds: a member named __proto__ comes back as it was sent, and so do its like", async () => {
    const text =
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":1}},"toString":"a",' +
      '"hasOwnProperty":[null],"nested":{"__proto__":[1,{"__proto__":"x"}]}}';
    const metadata = JSON.parse(text) as JsonObject;
    const keyed = { ...request(), metadata, idempotencyKey: "proto" };
    const first = await app.quota.recordUsage(keyed);
    const { events } = await app.quota.listEvents({ tenantId, pageSize: 1 });
    for (const event of [first.event, events[0]]) {
      expect(event?.metadata).toEqual(metadata);
      expect(Object.keys(event?.metadata ?? {}).sort()).toEqual(Object.keys(metadata).sort());
      expect(JSON.parse(JSON.stringify(event?.metadata)).nested).toEqual(metadata["nested"]);
    }
    expect(Object.hasOwn({}, "polluted")).toBe(false);
    expect((await app.quota.recordUsage(keyed)).replayed).toBe(true);
    const other = JSON.parse(text.replace("true", "false")) as JsonObject;
    expect(await refused(app.quota.recordUsage({ ...keyed, metadata: other }))).toMatchObject({
      reason: "IDEMPOTENCY_KEY_REUSED",
    });
  });

  it("bounds: a request of 64 KiB is taken, and one byte more is MESSAGE_TOO_LARGE", async () => {
    const before = await countEvents(app.database, tenantId);
    await send(ofSize(request(), requestBytesMax));
    for (const size of [requestBytesMax + 1, 10 * requestBytesMax]) {
      expect(await refused(send(ofSize(request(), size)))).toEqual({
        code: "INVALID_ARGUMENT",
        reason: "MESSAGE_TOO_LARGE",
        numbers: { max_bytes: "65536" },
      });
    }
    expect(await countEvents(app.database, tenantId)).toBe(before + 1);
  });

  it("bounds: the details of a refusal stay within 4 KiB, however many and long the bad fields are", async () => {
    const long = "\u{1f600}".repeat(80);
    const status = create(GetStatusRequestSchema, { tenantId, metricCodes: Array<string>(150).fill(long) });
    const details = await detailsOf(
      app.address,
      "/quota.v1.QuotaService/GetStatus",
      toBinary(GetStatusRequestSchema, status),
    );
    expect(details.byteLength).toBeLessThanOrEqual(statusBytesMax);
    expect(details.includes(long)).toBe(false);
  });

  it("bounds: where 20 violations do not fit into 4 KiB, fewer are named, and all are counted", async () => {
    const periodKind = (2 ** 31 - 1) as PeriodKind;
    const limits = Array.from({ length: 120 }, (_, index) => hard(`m${index}`, 1n, periodKind));
    const plan = create(CreatePlanRequestSchema, { plan: { code: "large", limits } });
    const bytes = Buffer.from(toBinary(CreatePlanRequestSchema, plan));
    const details = await detailsOf(app.address, createPlanPath, bytes);
    expect(details.byteLength).toBeLessThanOrEqual(statusBytesMax);
    const { badRequest, info } = await refusalOfCall(app.connection.callRaw(createPlanPath, bytes));
    const named = badRequest?.fieldViolations.map((violation) => violation.field) ?? [];
    expect(named.length).toBeGreaterThan(10);
    expect(named.length).toBeLessThan(20);
    expect(named).toEqual(named.map((_, index) => `plan.limits[${index}].period_kind`));
    expect(info?.metadata).toEqual({ violations: "120" });
  });
});
