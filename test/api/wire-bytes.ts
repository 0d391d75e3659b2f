/** Protobuf by hand, for messages that no library would write. */

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

/** A length-delimited field. */
export function field(fieldNumber: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(fieldNumber * 8 + 2), varint(bytes.length), bytes]);
}

export function varintField(fieldNumber: number, value: number): Buffer {
  return Buffer.concat([varint(fieldNumber * 8), varint(value)]);
}

/** Field numbers of google.protobuf.Value's kinds, and of the messages around them. */
const valueKind = { null: 1, number: 2, string: 3, bool: 4, struct: 5, list: 6 } as const;

export const noKind = Buffer.alloc(0);
export const nullValue = (number = 0) => varintField(valueKind.null, number);
export const textValue = (text: string | Buffer) => field(valueKind.string, text);
export const structValue = (struct: Buffer) => field(valueKind.struct, struct);
export const listValue = (...values: Buffer[]) =>
  field(valueKind.list, Buffer.concat(values.map((value) => field(1, value))));

export function numberValue(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(valueKind.number * 8 + 1);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

/** One member of a google.protobuf.Struct. */
export function member(name: string | Buffer, value: Buffer): Buffer {
  return field(1, Buffer.concat([field(1, name), field(2, value)]));
}

export const tenantId = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e";

/** A RecordUsageRequest that is good but for what is appended to it. */
export function recordUsageBytes(...more: readonly Buffer[]): Buffer {
  return Buffer.concat([field(1, tenantId), field(2, "api.calls"), varintField(3, 2), ...more]);
}

/** The `metadata` of a RecordUsageRequest. */
export function metadataField(...members: readonly Buffer[]): Buffer {
  return field(4, Buffer.concat(members));
}
