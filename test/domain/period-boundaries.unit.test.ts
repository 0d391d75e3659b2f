import { expect, test } from "vitest";
import { type PeriodBoundaries, periodAround } from "../../src/domain/period-boundaries.ts";

/** Boundaries …, -2, -1, 0, 3, 3, 3, 5, 9, 10, …: the threes are local days that do not exist. */
function boundariesGuessing(guess: number): PeriodBoundaries {
  const listed = [0, 3, 3, 3, 5, 9];
  return {
    at: (index) => (index < 0 ? index : (listed[index] ?? index + 4)),
    near: () => guess,
  };
}

test.each([
  [-1, -1, 0],
  [0, 0, 3],
  [2, 0, 3],
  [3, 3, 5],
  [4, 3, 5],
  [5, 5, 9],
  [8, 5, 9],
  [9, 9, 10],
])("the instant %i lies in [%i, %i) however far off the first guess is", (instant, start, end) => {
  for (let guess = -10; guess <= 15; guess += 1) {
    expect(periodAround("DAY", boundariesGuessing(guess), instant)).toEqual({ kind: "DAY", start, end });
  }
});
