import { randomFillSync } from "node:crypto";

const wordsPerFill = 1024;
const words = new BigUint64Array(wordsPerFill);
let next = wordsPerFill;

/** 74 random bits for an event id. Drawn from a block, since asking the system for each costs more than the rest of the id. */
export function randomBits(): bigint {
  if (next + 2 > wordsPerFill) {
    randomFillSync(words);
    next = 0;
  }
  const high = words[next] ?? 0n;
  const low = words[next + 1] ?? 0n;
  next += 2;
  return ((high << 64n) | low) & ((1n << 74n) - 1n);
}
