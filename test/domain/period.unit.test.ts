import { expect, test } from "vitest";
import { contains, lifetime, lifetimeEndMs, lifetimeStartMs, type Period } from "../../src/domain/period.ts";

const noonToOne: Period = { kind: "HOUR", start: 12, end: 13 };

test("a period contains its start and not its end", () => {
  expect(contains(noonToOne, 11)).toBe(false);
  expect(contains(noonToOne, 12)).toBe(true);
  expect(contains(noonToOne, 13)).toBe(false);
});

test("LIFETIME is stored from 1970 to the last millisecond of 9999", () => {
  expect(new Date(lifetimeStartMs).toISOString()).toBe("1970-01-01T00:00:00.000Z");
  expect(new Date(lifetimeEndMs).toISOString()).toBe("9999-12-31T23:59:59.999Z");
  expect(contains(lifetime, Date.parse("2026-07-15T10:00:00Z"))).toBe(true);
});
