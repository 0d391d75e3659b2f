import { expect, test } from "vitest";
import { parseTimeZone } from "../../src/domain/time-zone.ts";

test("an empty name is UTC", () => {
  expect(parseTimeZone("")).toBe("UTC");
});

test.each([
  ["Europe/Berlin", "Europe/Berlin"],
  ["europe/berlin", "Europe/Berlin"],
  ["AMERICA/ARGENTINA/BUENOS_AIRES", "America/Argentina/Buenos_Aires"],
  ["america/port-au-prince", "America/Port-au-Prince"],
  ["utc", "UTC"],
  ["etc/gmt+5", "Etc/GMT+5"],
  ["est5edt", "EST5EDT"],
])("the name %j is written %j", (name, written) => {
  expect(parseTimeZone(name)).toBe(written);
});

test.each(["US/Pacific", "Asia/Calcutta", "Asia/Kolkata", "Europe/Kiev", "Etc/UTC", "GMT", "Zulu"])(
  "the link %j is accepted and keeps its own name",
  (name) => {
    expect(parseTimeZone(name)).toBe(name);
  },
);

test("every zone that this runtime lists is accepted unchanged", () => {
  const zones = Intl.supportedValuesOf("timeZone");
  expect(zones.length).toBeGreaterThan(400);
  expect(zones.filter((zone) => parseTimeZone(zone) !== zone)).toEqual([]);
});

test.each(["+02:00", "-0300", "+00:00", "-03", "Z", "z", "UTC+1", "GMT+2", "UTC+01:00", "\u221202:00"])(
  "the offset %j is refused",
  (name) => {
    expect(parseTimeZone(name)).toBeUndefined();
  },
);

test.each(["2020-01-01T00:00Z", "2020-01-01T00:00[Europe/Berlin]", "T12+05", "T12Z", "T1200-0300", "12:00+05"])(
  "the time %j, of which Temporal would take the zone, is refused",
  (name) => {
    expect(parseTimeZone(name)).toBeUndefined();
  },
);

test.each([" ", " UTC", "UTC ", "Europe/ Berlin", "America/New York", "UTC\n", "UTC\0"])(
  "the name %j with white space or control characters is refused",
  (name) => {
    expect(parseTimeZone(name)).toBeUndefined();
  },
);

test.each([
  "Mars/Olympus",
  "Europe",
  "Europe/",
  "/Berlin",
  "Berlin",
  "Europe//Berlin",
  "../etc/passwd",
  "__proto__",
  "as\u0131a/tokyo",
  "Asia/To\u212Ayo",
  "x".repeat(60_000),
])("the unknown name %j is refused", (name) => {
  expect(parseTimeZone(name)).toBeUndefined();
});
