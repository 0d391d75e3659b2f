import { BinaryReader } from "@bufbuild/protobuf/wire";

/** One field of a message as it stands on the wire, not yet understood. */
export interface WireRecord {
  readonly fieldNumber: number;
  /** Tag included, so that the record alone is a message with this one field. */
  readonly bytes: Uint8Array;
  /** Without the tag; of a length-delimited field with its length. */
  readonly data: Uint8Array;
}

/**
 * The fields of a message in the order of the wire.
 *
 * @throws Error at the first byte that cannot begin a field, or when the message is cut off
 */
export function* wireRecords(message: Uint8Array): Generator<WireRecord> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [fieldNumber, wireType] = reader.tag();
    const data = reader.skip(wireType, fieldNumber);
    yield { fieldNumber, bytes: message.subarray(start, reader.pos), data };
  }
}
