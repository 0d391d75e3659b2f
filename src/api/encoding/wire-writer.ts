const initialBytes = 64 * 1024;
/** A writer that once held a larger page gives the room back. */
const keptBytesMax = 2 * 1024 * 1024;

/** Longest text that is copied by a loop here: a call into the engine costs more than so many characters. */
const loopedTextMax = 64;

const varintBytesMax = 10;
const bytesOfCodeUnitMax = 3;

/**
 * Writes protobuf's wire format into a buffer that is used again for the next message. Of what protobuf-es takes to encode an
 * answer, half is for the three buffers that it allocates for each.
 */
export class WireWriter {
  #bytes = Buffer.allocUnsafeSlow(initialBytes);
  #at = 0;

  /** @param value 0 … 2^53 − 1 */
  varint(value: number): void {
    this.#ensure(varintBytesMax);
    this.#writeVarint(value);
  }

  int64(value: bigint): void {
    this.#ensure(varintBytesMax);
    if (value >= 0n && value <= Number.MAX_SAFE_INTEGER) {
      this.#writeVarint(Number(value));
      return;
    }
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  double(value: number): void {
    this.#ensure(Float64Array.BYTES_PER_ELEMENT);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** With its length. Halves of surrogate pairs become U+FFFD. */
  text(value: string): void {
    this.#ensure(varintBytesMax + value.length * bytesOfCodeUnitMax);
    if (value.length <= loopedTextMax && this.#writeAscii(value)) return;
    this.#writeVarint(Buffer.byteLength(value));
    this.#at += this.#bytes.write(value, this.#at);
  }

  /** @returns what `end` must be called with, once the parts of the nested message are written */
  begin(): number {
    this.#ensure(1);
    return this.#at++;
  }

  /** Puts the length of the nested message before it. One byte was left for that, which is enough for most. */
  end(begun: number): void {
    const start = begun + 1;
    const length = this.#at - start;
    const shift = varintBytes(length) - 1;
    if (shift > 0) {
      this.#ensure(shift);
      this.#bytes.copyWithin(start + shift, start, this.#at);
    }
    this.#at = begun;
    this.#writeVarint(length);
    this.#at += length;
  }

  get length(): number {
    return this.#at;
  }

  /** A copy of what was written. */
  copy(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at));
  }

  /** Begins anew, whatever became of the message before. */
  clear(): void {
    this.#at = 0;
    if (this.#bytes.length > keptBytesMax) this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  #writeVarint(value: number): void {
    const bytes = this.#bytes;
    let rest = value;
    while (rest > 0x7f) {
      bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[this.#at++] = rest;
  }

  /** @returns false when the text is not ASCII; nothing counts as written then */
  #writeAscii(value: string): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = value.length;
    for (let index = 0; index < value.length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #ensure(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, needed));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
