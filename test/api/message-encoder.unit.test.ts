import { create, type DescField, type DescMessage, ScalarType, toBinary } from "@bufbuild/protobuf";
import { EmptySchema, StructSchema, TypeSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdminService } from "../../gen/quota/v1/admin_service_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService, RecordUsageResponseSchema } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import { messageEncoder } from "../../src/api/encoding/message-encoder.ts";

const answers = [QuotaService, PlanService, SubscriptionService, AdminService, ApiKeyService].flatMap(({ methods }) =>
  methods.map(({ output }) => output),
);

const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme", maxLength: 300 }), fc.uuid());
const int64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-200n, 200n), fc.constant(2n ** 53n));
const json = fc.dictionary(text, fc.jsonValue(), { maxKeys: 5 });

const scalars: ReadonlyMap<ScalarType, fc.Arbitrary<unknown>> = new Map<ScalarType, fc.Arbitrary<unknown>>([
  [ScalarType.STRING, text],
  [ScalarType.INT64, int64],
  [ScalarType.INT32, fc.oneof(fc.integer(), fc.integer({ min: -200, max: 200 }))],
  [ScalarType.BOOL, fc.boolean()],
  [ScalarType.DOUBLE, fc.oneof(fc.double(), fc.constantFrom(0, -0))],
]);

/** Anything that a message of the kind may be made from, members left out included. */
function inits(schema: DescMessage): fc.Arbitrary<Record<string, unknown>> {
  if (schema.typeName === StructSchema.typeName) return json;
  const members = schema.fields.map((field) => [field.localName, valuesOf(field)] as const);
  return fc.record(Object.fromEntries(members), { requiredKeys: [] });
}

function valuesOf(field: DescField): fc.Arbitrary<unknown> {
  const { message, enum: numbers } = field;
  const one =
    message === undefined ? (scalars.get(field.scalar ?? ScalarType.INT32) ?? fc.constant(undefined)) : inits(message);
  const value = numbers === undefined ? one : fc.constantFrom(...numbers.values.map(({ number }) => number), 99);
  return field.fieldKind === "list" ? fc.array(value, { maxLength: 4 }) : fc.option(value, { nil: undefined });
}

function byLibrary(schema: DescMessage, init: Record<string, unknown>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, init)));
}

describe("a message", () => {
  it.each(answers.map((schema) => [schema.typeName, schema] as const))(
    "of %s is encoded as protobuf-es does it, byte for byte",
    (_, schema) => {
      const { encode, lengthOf } = messageEncoder(schema);
      fc.assert(
        fc.property(inits(schema), (init) => {
          const expected = byLibrary(schema, init);
          expect(encode(init)).toEqual(expected);
          expect(encode(create(schema, init))).toEqual(expected);
          expect(lengthOf(init)).toBe(expected.length);
        }),
      );
    },
  );

  it("grows beyond the buffer and gives the next one a clean start", () => {
    const { encode } = messageEncoder(RecordUsageResponseSchema);
    const large = {
      event: { id: "large", metadata: { text: "ä€😀".repeat(1_000_000) } },
    };
    expect(encode(large).equals(byLibrary(RecordUsageResponseSchema, large))).toBe(true);
    const unreadable = { event: { id: "half of a message", amount: "no number" } };
    expect(() => encode(unreadable as never)).toThrow(SyntaxError);
    expect(encode({ replayed: true })).toEqual(byLibrary(RecordUsageResponseSchema, { replayed: true }));
  });

  it("of a kind with fields that no answer has is refused when its encoder is made", () => {
    expect(() => messageEncoder(TypeSchema)).toThrow("is not encoded");
    expect(messageEncoder(EmptySchema).encode({})).toHaveLength(0);
  });
});
