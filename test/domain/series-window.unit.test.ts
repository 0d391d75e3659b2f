import { describe, expect, it } from "vitest";
import { type SeriesRange, seriesWindows } from "../../src/domain/series-window.ts";
import { dayMs, hourMs } from "../support/builders.ts";

function windowsOf(fields: Partial<SeriesRange> & Pick<SeriesRange, "from" | "before">, countMax = 1_000) {
  return seriesWindows({ kind: "DAY", timeZone: "UTC", ...fields }, countMax);
}

const iso = (windows: ReturnType<typeof windowsOf>) =>
  windows?.map(({ start, end }) => `${new Date(start).toISOString()} ${new Date(end).toISOString()}`);

const midnight = Date.UTC(2026, 2, 1);

describe("the windows of a series", () => {
  it("begin with the one that contains the start, and end with the last that starts before the end", () => {
    expect(iso(windowsOf({ from: midnight + hourMs, before: midnight + dayMs + 1 }))).toEqual([
      "2026-03-01T00:00:00.000Z 2026-03-02T00:00:00.000Z",
      "2026-03-02T00:00:00.000Z 2026-03-03T00:00:00.000Z",
    ]);
    expect(windowsOf({ from: midnight, before: midnight + dayMs })).toHaveLength(1);
  });

  it("have 23 and 25 hours where the clocks change", () => {
    const hours = (month: number, day: number) => {
      const from = Date.UTC(2026, month, day, 12) - dayMs;
      const windows = windowsOf({ timeZone: "Europe/Berlin", from, before: from + 2 * dayMs });
      return windows?.map(({ start, end }) => (end - start) / hourMs);
    };
    expect(hours(2, 29)).toEqual([24, 23, 24]);
    expect(hours(9, 25)).toEqual([24, 25, 24]);
  });

  it("leave out a day that a zone skipped", () => {
    // Samoa went from 29 to 31 December 2011.
    const from = Date.UTC(2011, 11, 29, 12);
    const windows = windowsOf({ timeZone: "Pacific/Apia", from, before: from + 2 * dayMs });
    expect(windows?.map(({ start, end }) => (end - start) / hourMs)).toEqual([24, 24, 24]);
    expect(windows?.every(({ start }, index) => index === 0 || start === windows[index - 1]?.end)).toBe(true);
  });

  it("are hours of UTC in every zone, weeks from Monday, and months", () => {
    const from = midnight + 90 * 60_000;
    expect(iso(windowsOf({ kind: "HOUR", timeZone: "Asia/Kolkata", from, before: from + 1 }))).toEqual([
      "2026-03-01T01:00:00.000Z 2026-03-01T02:00:00.000Z",
    ]);
    expect(iso(windowsOf({ kind: "WEEK", from, before: from + 1 }))).toEqual([
      "2026-02-23T00:00:00.000Z 2026-03-02T00:00:00.000Z",
    ]);
    expect(iso(windowsOf({ kind: "MONTH", timeZone: "America/New_York", from, before: from + 1 }))).toEqual([
      "2026-02-01T05:00:00.000Z 2026-03-01T05:00:00.000Z",
    ]);
  });

  it("are none at all when they would be more than allowed", () => {
    expect(windowsOf({ from: midnight, before: midnight + 5 * dayMs }, 5)).toHaveLength(5);
    expect(windowsOf({ from: midnight, before: midnight + 5 * dayMs + 1 }, 5)).toBeUndefined();
    expect(windowsOf({ kind: "HOUR", from: 0, before: Date.UTC(9999, 0, 1) })).toBeUndefined();
  });

  it.each(["HOUR", "DAY", "WEEK", "MONTH"] as const)(
    "end with the last instant that can be sent, cut by %s",
    (kind) => {
      const before = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
      for (const timeZone of ["UTC", "Europe/Berlin", "America/New_York"]) {
        const windows = windowsOf({ kind, timeZone, from: before - 1, before });
        expect(windows?.at(-1)?.end).toBe(before);
      }
    },
  );
});
