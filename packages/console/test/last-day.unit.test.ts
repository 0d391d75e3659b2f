import { describe, expect, it } from "vitest";
import { lastDayOf } from "../src/pages/last-day.ts";

const dayMs = 86_400_000;

describe("the last day", () => {
  it.each(["2026-11-24T09:00:00.000Z", "2026-11-24T09:30:00.000Z", "2026-11-24T09:59:59.999Z"])(
    "at %s holds all of the last 24 hours, in full hours, up to the one that runs",
    (text) => {
      const now = Date.parse(text);
      const { from, until, hours } = lastDayOf(now);
      expect(from.toISOString()).toBe("2026-11-23T09:00:00.000Z");
      expect(until.toISOString()).toBe("2026-11-24T10:00:00.000Z");
      expect(from.getTime()).toBeLessThanOrEqual(now - dayMs);
      expect(until.getTime() - from.getTime()).toBe(hours * 3_600_000);
    },
  );
});
