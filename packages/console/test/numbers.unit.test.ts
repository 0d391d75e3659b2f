import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatLimit,
  formatPercent,
  percentOf,
} from "../src/format/numbers.ts";

describe("numbers", () => {
  it("are grouped as the locale has it, to the last of 16 digits", () => {
    expect(formatCount(9_007_199_254_740_991n, "en")).toBe("9,007,199,254,740,991");
    expect(formatCount(9_007_199_254_740_991n, "de")).toBe("9.007.199.254.740.991");
  });

  it("call a limit that is absent unlimited, and not 0", () => {
    expect(formatLimit(undefined, "en")).toBe("unlimited");
    expect(formatLimit(0n, "en")).toBe("0");
  });

  it("carry a sign where they are differences", () => {
    expect(formatDifference(5n, "en")).toBe("+5");
    expect(formatDifference(-5n, "en")).toBe("-5");
  });

  it.each([
    [99.97, "99.9%"],
    [100, "100%"],
    [0, "0%"],
    [81.25, "81.2%"],
    [1_234.5, "1,234%"],
  ])("never round a share of %d up to a limit that is not reached", (percent, text) => {
    expect(formatPercent(percent, "en")).toBe(text);
  });

  it("take a limit of 0 as 1, as the service does", () => {
    expect(percentOf(3n, 0n)).toBe(300);
    expect(percentOf(1n, 4n)).toBe(25);
  });

  it.each([
    [1, "1 byte"],
    [999, "999 bytes"],
    [1_500, "1.5 kB"],
    [2_000_000, "2 MB"],
  ])("write %d bytes in a fitting unit", (bytes, text) => {
    expect(formatBytes(bytes, "en")).toBe(text);
  });
});
