import { expect, it } from "vitest";
import { rankDeviation, tellApart } from "./timing.ts";

const runs = 300;

/** The same numbers in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 250 times around a median, log-normal with a deviation of 0.5, as measured times of calls are. */
function times(medianMs: number, next: () => number): number[] {
  return Array.from({ length: 250 }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return medianMs * Math.exp(0.5 * normal);
  });
}

function toldApart(ratio: number): number {
  const next = random(4711);
  let count = 0;
  for (let run = 0; run < runs; run += 1) if (tellApart(times(1, next), times(ratio, next))) count += 1;
  return count;
}

it("does not tell apart what takes equally long", () => {
  expect(toldApart(1)).toBe(0);
});

it("tells apart what takes half as long again, almost always", () => {
  expect(toldApart(1.5)).toBeGreaterThan(0.95 * runs);
});

it("knows the deviation of two samples that do not overlap", () => {
  const low = Array.from({ length: 10 }, (_, n) => n);
  const high = low.map((n) => n + 100);
  expect(rankDeviation(low, high)).toBeCloseTo(-3.78, 2);
  expect(rankDeviation(high, low)).toBeCloseTo(3.78, 2);
});
