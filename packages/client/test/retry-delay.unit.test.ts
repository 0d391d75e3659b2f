import { describe, expect, it } from "vitest";
import { retryDelayMs } from "../src/retry-delay.ts";

const backoff = { initialMs: 100, maxMs: 2_000 };
const almostOne = 0.999_999;

describe("retryDelayMs", () => {
  it("doubles its ceiling with every attempt, up to the maximum", () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 500].map((attempt) => retryDelayMs(attempt, backoff, undefined, almostOne));
    expect(ceilings.map(Math.ceil)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
  });

  it("may be anything below the ceiling, so that callers spread", () => {
    expect(retryDelayMs(3, backoff, undefined, 0)).toBe(0);
    expect(retryDelayMs(3, backoff, undefined, 0.5)).toBe(200);
  });

  it("is never shorter than what the service named", () => {
    expect(retryDelayMs(1, backoff, 700, 0)).toBe(700);
    expect(retryDelayMs(1, backoff, 700, 0.5)).toBe(750);
  });
});
