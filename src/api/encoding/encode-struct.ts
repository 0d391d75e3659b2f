import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import type { WireWriter } from "./wire-writer.ts";

/** Tags of google/protobuf/struct.proto. */
const fields = tagOf(1, WireType.LengthDelimited);
const key = tagOf(1, WireType.LengthDelimited);
const value = tagOf(2, WireType.LengthDelimited);
const nullValue = tagOf(1, WireType.Varint);
const numberValue = tagOf(2, WireType.Bit64);
const stringValue = tagOf(3, WireType.LengthDelimited);
const boolValue = tagOf(4, WireType.Varint);
const structValue = tagOf(5, WireType.LengthDelimited);
const listValue = tagOf(6, WireType.LengthDelimited);
const listItem = tagOf(1, WireType.LengthDelimited);

export function tagOf(fieldNumber: number, wireType: WireType): number {
  return fieldNumber * 8 + wireType;
}

/** Writes a JSON object as the parts of a google.protobuf.Struct; its length is the caller's. */
export function writeStruct(writer: WireWriter, object: JsonObject): void {
  for (const name of Object.keys(object)) {
    writer.varint(fields);
    const entry = writer.begin();
    writer.varint(key);
    writer.text(name);
    writer.varint(value);
    const begun = writer.begin();
    writeValue(writer, object[name] ?? null);
    writer.end(begun);
    writer.end(entry);
  }
}

/** The kind of a value is a oneof: it is written even where it is 0, false or empty. */
function writeValue(writer: WireWriter, json: JsonValue): void {
  if (json === null) {
    writer.varint(nullValue);
    writer.varint(0);
  } else if (typeof json === "string") {
    writer.varint(stringValue);
    writer.text(json);
  } else if (typeof json === "number") {
    writer.varint(numberValue);
    writer.double(json);
  } else if (typeof json === "boolean") {
    writer.varint(boolValue);
    writer.varint(json ? 1 : 0);
  } else {
    writer.varint(Array.isArray(json) ? listValue : structValue);
    const begun = writer.begin();
    if (Array.isArray(json)) writeList(writer, json);
    else writeStruct(writer, json);
    writer.end(begun);
  }
}

function writeList(writer: WireWriter, items: readonly JsonValue[]): void {
  for (const item of items) {
    writer.varint(listItem);
    const begun = writer.begin();
    writeValue(writer, item);
    writer.end(begun);
  }
}
