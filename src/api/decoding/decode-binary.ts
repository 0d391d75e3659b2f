import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { type FieldViolation, InvalidRequestError } from "../../domain/errors/invalid-request-error.ts";
import { holdsNull, lossOfStruct } from "./lossless-struct.ts";
import { wireRecords } from "./wire-records.ts";

/** Unknown fields are dropped while reading: nothing here passes a message on. */
const readOptions = { readUnknownFields: false };

/** Fields looked at when a message cannot be read. More would let 64 KiB of rubbish buy a long search. */
const fieldsSearchedMax = 1_000;

export type RequestDecoder<D extends DescMessage> = (bytes: Uint8Array) => MessageShape<D>;

/**
 * Makes the reader of one kind of request. It throws InvalidRequestError when the bytes are no such message, or when
 * the form in which we get it would silently differ from what was sent.
 */
export function requestDecoder<D extends DescMessage>(schema: D): RequestDecoder<D> {
  const structFields = schema.fields.filter((field) => field.message?.typeName === "google.protobuf.Struct");
  return (bytes) => {
    const message = decode(schema, bytes);
    if (structFields.length === 0 || !holdsNull(message)) return message;
    const violations = structFields.flatMap((field) => {
      const description = lossOfStruct(field, bytes);
      return description === undefined ? [] : [{ field: field.name, description }];
    });
    if (violations.length > 0) throw new InvalidRequestError(violations);
    return message;
  };
}

function decode<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> {
  try {
    return fromBinary(schema, bytes, readOptions);
  } catch (error) {
    const violations = findUnreadable(schema, bytes);
    if (violations.length > 0) throw new InvalidRequestError(violations);
    throw new InvalidRequestError([{ field: "request", description: `${reasonOf(error)} (${schema.typeName})` }]);
  }
}

/** Which fields the decoder stumbled over, found by reading each of them alone. */
function findUnreadable(schema: DescMessage, bytes: Uint8Array): FieldViolation[] {
  const names = new Map(schema.fields.map((field) => [field.number, field.name]));
  const found = new Map<string, string>();
  let searched = 0;
  try {
    for (const record of wireRecords(bytes)) {
      searched += 1;
      if (searched > fieldsSearchedMax) break;
      const name = names.get(record.fieldNumber);
      const reason = name === undefined ? undefined : whyUnreadable(schema, record.bytes);
      if (name !== undefined && reason !== undefined) found.set(name, reason);
    }
  } catch {
    // The rest of the message cannot be told apart into fields; what was found before that is right all the same.
  }
  return [...found].map(([field, description]) => ({ field, description }));
}

function whyUnreadable(schema: DescMessage, bytes: Uint8Array): string | undefined {
  try {
    fromBinary(schema, bytes, readOptions);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** In our words: a library's may change, and say nothing to somebody who does not know it. */
function reasonOf(error: unknown): string {
  // TextDecoder throws a TypeError, the reader itself never does.
  if (error instanceof TypeError) return "holds text that is not valid UTF-8";
  const isTooDeep = error instanceof Error && error.message.includes("recursion depth");
  return isTooDeep ? "is nested too deeply" : "is not a readable protobuf message";
}
