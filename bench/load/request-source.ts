import { randomBytes } from "node:crypto";
import { keyPlaceholder, type LoadJob } from "./load-job.ts";
import { Random } from "./random.ts";

/** How many choices are drawn beforehand; they come round again. */
const choicesCount = 65_536;

/** gRPC's length-prefixed message: a flag for compression and four bytes of length. */
const prefixBytes = 5;

/** Where the bytes of a UUID stand in its text. */
const uuidByteOffsets = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

interface Template {
  readonly bytes: Buffer;
  /** Where the idempotency key begins; -1 without one. */
  readonly keyOffset: number;
}

/** Hands out requests that were encoded beforehand, each with a fresh idempotency key. */
export class RequestSource {
  readonly #templates: readonly Template[];
  readonly #choices: Uint32Array;
  readonly #keys = new Random(randomBytes(16));
  #next = 0;

  constructor({ messages, spread }: Pick<LoadJob, "messages" | "spread">) {
    this.#templates = messages.map((message) => templateOf(Buffer.from(message, "base64")));
    // The same seed every time: all servers get the same callers.
    const random = new Random(Buffer.from("the same callers"));
    this.#choices = spread === "zipf" ? zipf(messages.length, random) : evenly(messages.length, random);
  }

  /** The next request. Its bytes are overwritten by the next call. */
  next(): Buffer {
    const choice = this.#choices[this.#next++ % choicesCount] ?? 0;
    const template = this.#templates[choice];
    if (template === undefined) throw new Error("a job needs a message");
    if (template.keyOffset >= 0) this.#writeKey(template.bytes, template.keyOffset);
    return template.bytes;
  }

  /** Random, as UUIDs are: keys that rise would be kinder to the index. */
  #writeKey(target: Buffer, offset: number): void {
    for (let word = 0; word < 4; word += 1) {
      const bits = this.#keys.next();
      for (let byte = 0; byte < 4; byte += 1) {
        const at = offset + (uuidByteOffsets[word * 4 + byte] ?? 0);
        const value = (bits >>> (byte * 8)) & 0xff;
        target[at] = hexDigit(value >>> 4);
        target[at + 1] = hexDigit(value & 0xf);
      }
    }
  }
}

function hexDigit(value: number): number {
  return value < 10 ? 48 + value : 87 + value;
}

function templateOf(message: Buffer): Template {
  const bytes = Buffer.alloc(prefixBytes + message.length);
  bytes.writeUInt32BE(message.length, 1);
  message.copy(bytes, prefixBytes);
  return { bytes, keyOffset: bytes.indexOf(keyPlaceholder) };
}

function evenly(count: number, random: Random): Uint32Array {
  return Uint32Array.from({ length: choicesCount }, () => Math.floor(random.nextFraction() * count));
}

function zipf(count: number, random: Random): Uint32Array {
  const cumulated: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) {
    sum += 1 / rank;
    cumulated.push(sum);
  }
  return Uint32Array.from({ length: choicesCount }, () => {
    const drawn = random.nextFraction() * sum;
    return cumulated.findIndex((weight) => drawn < weight);
  });
}
