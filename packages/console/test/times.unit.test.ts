import { describe, expect, it } from "vitest";
import { formatDistance, formatInstant, formatInstantWithZone, isKnownTimeZone } from "../src/format/times.ts";
import { instantAt, wallTimeOf } from "../src/format/wall-time.ts";

const instant = new Date("2026-11-24T23:30:05.042Z");

describe("instants", () => {
  it("are written in the zone asked for", () => {
    expect(formatInstant(instant, "UTC", "minute", "en-GB")).toBe("24 Nov 2026, 23:30");
    expect(formatInstant(instant, "Asia/Tokyo", "minute", "en-GB")).toBe("25 Nov 2026, 08:30");
  });

  it("are written as exactly as asked for", () => {
    expect(formatInstant(instant, "UTC", "millisecond", "en-GB")).toBe("24 Nov 2026, 23:30:05.042");
    expect(formatInstant(instant, "UTC", "day", "en-GB")).toBe("24 Nov 2026");
  });

  it("name their zone where several stand side by side", () => {
    expect(formatInstantWithZone(instant, "America/New_York", "minute", "en-US")).toContain("EST");
  });

  it("tell how far away they are", () => {
    expect(formatDistance(new Date("2026-11-30T00:00:00Z"), instant, "en")).toBe("in 5 days");
    expect(formatDistance(new Date("2026-11-24T21:29:00Z"), instant, "en")).toBe("2 hours ago");
    expect(formatDistance(instant, instant, "en")).toBe("now");
  });

  it("are not written in a zone that nobody knows", () => {
    expect(isKnownTimeZone("Europe/Berlin")).toBe(true);
    expect(isKnownTimeZone("Mars/Olympus")).toBe(false);
  });
});

describe("a time field", () => {
  it.each(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])(
    "reads back in %s what it shows",
    (zone) => {
      for (let month = 0; month < 12; month += 1) {
        const moment = new Date(Date.UTC(2026, month, 15, 12, 34, 56));
        expect(instantAt(wallTimeOf(moment, zone), zone)).toEqual(moment);
      }
    },
  );

  it("shows seconds only where there are some", () => {
    expect(wallTimeOf(new Date("2026-11-24T09:00:00Z"), "Europe/Berlin")).toBe("2026-11-24T10:00");
    expect(wallTimeOf(new Date("2026-11-24T09:00:01Z"), "Europe/Berlin")).toBe("2026-11-24T10:00:01");
  });

  it("takes a time that occurs twice for the first, and one that is skipped with the offset before", () => {
    expect(instantAt("2026-10-25T02:30", "Europe/Berlin")?.toISOString()).toBe("2026-10-25T00:30:00.000Z");
    expect(instantAt("2026-03-29T02:30", "Europe/Berlin")?.toISOString()).toBe("2026-03-29T01:30:00.000Z");
  });

  it("makes nothing of a text that is no time", () => {
    expect(instantAt("", "UTC")).toBeUndefined();
    expect(instantAt("2026-11-24", "UTC")).toBeUndefined();
  });
});
