import { type DescField, fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { NullValue, type Struct, StructSchema, type Value } from "@bufbuild/protobuf/wkt";
import { wireRecords } from "./wire-records.ts";

/**
 * Whether a decoded message holds a null anywhere. Only the JSON form of a google.protobuf.Struct can: every other
 * field that is absent is undefined.
 */
export function holdsNull(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === "object" && Object.values(value).some(holdsNull);
}

/**
 * What the JSON form of a Struct field does not show, as a text that continues the field's name.
 *
 * protobuf-es reads Structs as JSON and turns a Value without any kind, and a null_value of another number, into null.
 * google/protobuf/struct.proto calls such a Value an error, and an event must not remember a null that nobody sent.
 *
 * @param message the bytes from which the message was decoded without error
 */
export function lossOfStruct(field: DescField, message: Uint8Array): string | undefined {
  return isLossless(readStruct(field, message)) ? undefined : "holds a google.protobuf.Value without a kind";
}

/** A field that comes several times is merged, which for messages is the same as reading the parts as one. */
function readStruct(field: DescField, message: Uint8Array): Struct {
  const parts: Uint8Array[] = [];
  for (const { fieldNumber, data } of wireRecords(message)) {
    if (fieldNumber === field.number) parts.push(new BinaryReader(data).bytes());
  }
  return fromBinary(StructSchema, Buffer.concat(parts));
}

function isLossless(struct: Struct): boolean {
  return Object.values(struct.fields).every(hasKind);
}

function hasKind({ kind }: Value): boolean {
  switch (kind.case) {
    case undefined:
      return false;
    case "nullValue":
      return kind.value === NullValue.NULL_VALUE;
    case "structValue":
      return isLossless(kind.value);
    case "listValue":
      return kind.value.values.every(hasKind);
    default:
      return true;
  }
}
