import type { EpochMilliseconds } from "../../domain/instant.ts";

/**
 * PostgreSQL's binary form of arrays of one dimension (`array_send` and the send function of each type in its source). The text form
 * costs the server twice as much to read, and this process more to write (decision 0007).
 */

/** Object ids of the element types, the same in every database (`pg_type.dat`). */
const textType = 25;
const jsonbType = 3802;

/** A type whose elements are all of one length. */
interface FixedType<Value> {
  readonly objectId: number;
  readonly bytes: number;
  write(array: Buffer, offset: number, value: Value): void;
}

const uuidType: FixedType<string> = { objectId: 2950, bytes: 16, write: writeUuid };
const bigintType: FixedType<bigint> = { objectId: 20, bytes: 8, write: writeBigint };
const timestamptzType: FixedType<EpochMilliseconds> = { objectId: 1184, bytes: 8, write: writeTimestamp };

const headerBytes = 20;
const lengthBytes = 4;
const nullLength = -1;

const two32 = 2 ** 32;

/** PostgreSQL counts from here, in microseconds. */
const postgresEpoch: EpochMilliseconds = Date.UTC(2000, 0, 1);

/** Of UUIDs in lower case with hyphens. @throws Error for any other text */
export function uuidArray(values: readonly string[]): Buffer {
  return fixedArray(uuidType, values);
}

/** Of whole numbers of 64 bits. */
export function bigintArray(values: readonly (bigint | null)[]): Buffer {
  return fixedArray(bigintType, values);
}

/** Of whole milliseconds. @throws Error for any other number */
export function timestampArray(instants: readonly EpochMilliseconds[]): Buffer {
  return fixedArray(timestamptzType, instants);
}

function fixedArray<Value>(type: FixedType<Value>, values: readonly (Value | null)[]): Buffer {
  const { objectId, bytes } = type;
  const array = emptyArray(objectId, values.length, values.length * (lengthBytes + bytes));
  let offset = headerBytes;
  for (const value of values) {
    if (value === null) {
      offset = writeLength(array, offset, nullLength);
      continue;
    }
    offset = writeLength(array, offset, bytes);
    type.write(array, offset, value);
    offset += bytes;
  }
  return array.subarray(0, offset);
}

/** All of ours that a constraint lets in are exact as numbers, which are quicker to cut in two. */
function writeBigint(array: Buffer, offset: number, value: bigint): void {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    array.writeBigInt64BE(value, offset);
    return;
  }
  const high = Math.floor(number / two32);
  array.writeInt32BE(high, offset);
  array.writeUInt32BE(number - high * two32, offset + 4);
}

function writeTimestamp(array: Buffer, offset: number, instant: EpochMilliseconds): void {
  if (!Number.isSafeInteger(instant)) throw new Error(`${instant} is no instant`);
  // In two halves: microseconds up to the year 9999 are more than a number holds exactly.
  const milliseconds = instant - postgresEpoch;
  const high = Math.floor(milliseconds / two32);
  const low = (milliseconds - high * two32) * 1000;
  const carry = Math.floor(low / two32);
  array.writeInt32BE(high * 1000 + carry, offset);
  array.writeUInt32BE(low - carry * two32, offset + 4);
}

/**
 * Of any text without U+0000, which PostgreSQL refuses, and without halves of surrogate pairs, which would become U+FFFD. No door
 * lets either in.
 */
export function textArray(values: readonly (string | null)[]): Buffer {
  return textsArray(textType, "", values);
}

/** Of JSON texts. */
export function jsonbArray(values: readonly string[]): Buffer {
  return textsArray(jsonbType, jsonbVersion, values);
}

/** The version of jsonb's binary form, which is a byte before the text. */
const jsonbVersion = "\u0001";

function textsArray(elementType: number, prefix: "" | typeof jsonbVersion, values: readonly (string | null)[]): Buffer {
  let bytes = 0;
  for (const value of values) bytes += lengthBytes + (value === null ? 0 : prefix.length + Buffer.byteLength(value));
  const array = emptyArray(elementType, values.length, bytes);
  let offset = headerBytes;
  for (const value of values) {
    if (value === null) {
      offset = writeLength(array, offset, nullLength);
      continue;
    }
    const start = offset + lengthBytes;
    let end = start;
    if (prefix !== "") array[end++] = prefix.charCodeAt(0);
    end += writeText(array, end, value);
    writeLength(array, offset, end - start);
    offset = end;
  }
  return array;
}

/** One dimension counted from 1, with room for the elements behind the header. */
function emptyArray(elementType: number, items: number, elementBytes: number): Buffer {
  const array = Buffer.allocUnsafe(headerBytes + elementBytes);
  array.writeInt32BE(1, 0);
  // Whether there are nulls: the server sees for itself.
  array.writeInt32BE(0, 4);
  array.writeInt32BE(elementType, 8);
  array.writeInt32BE(items, 12);
  array.writeInt32BE(1, 16);
  return array;
}

/** @returns where the element begins */
function writeLength(array: Buffer, offset: number, length: number): number {
  array[offset] = length >>> 24;
  array[offset + 1] = length >>> 16;
  array[offset + 2] = length >>> 8;
  array[offset + 3] = length;
  return offset + lengthBytes;
}

/** Texts up to here are written faster by a loop than by a call out of JavaScript: nearly all of ours are ASCII. */
const shortText = 48;

/** @returns how many bytes were written */
function writeText(array: Buffer, offset: number, text: string): number {
  if (text.length > shortText) return array.write(text, offset);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return array.write(text, offset);
    array[offset + index] = code;
  }
  return text.length;
}

/** The value of each hexadecimal digit by its character code, 16 for all other characters. */
const digitValues = new Uint8Array(256).fill(16);
for (let value = 0; value < 16; value += 1) digitValues[value.toString(16).charCodeAt(0)] = value;

const uuidTextLength = 36;

function writeUuid(array: Buffer, offset: number, text: string): void {
  if (text.length !== uuidTextLength) throw notUuid();
  let at = 0;
  for (let byte = 0; byte < 16; byte += 1) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) {
      if (text.charCodeAt(at) !== hyphen) throw notUuid();
      at += 1;
    }
    const high = digitValues[text.charCodeAt(at)] ?? 16;
    const low = digitValues[text.charCodeAt(at + 1)] ?? 16;
    if ((high | low) > 15) throw notUuid();
    array[offset + byte] = (high << 4) | low;
    at += 2;
  }
}

const hyphen = "-".charCodeAt(0);

/** Without the text: it may come from a caller, and doors have checked it. */
function notUuid(): Error {
  return new Error("what is no lower-case UUID reached the database layer");
}
