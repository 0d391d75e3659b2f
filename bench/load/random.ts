/** xorshift128 (Marsaglia 2003): fast, seedable, and good enough to pick tenants and make keys that do not meet. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed 16 bytes, not all zero */
  constructor(seed: Buffer) {
    this.#a = seed.readUInt32LE(0);
    this.#b = seed.readUInt32LE(4);
    this.#c = seed.readUInt32LE(8);
    this.#d = seed.readUInt32LE(12);
  }

  /** 32 random bits. */
  next(): number {
    let t = this.#d;
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = this.#a;
    t ^= t << 11;
    t ^= t >>> 8;
    this.#a = (t ^ this.#a ^ (this.#a >>> 19)) >>> 0;
    return this.#a;
  }

  /** 0 (inclusive) … 1 (exclusive). */
  nextFraction(): number {
    return this.next() / 2 ** 32;
  }
}
