import { describe, expect, it } from "vitest";
import { validateCredential, validateInstant } from "../src/api/bounds.ts";

describe("an instant in the address", () => {
  it.each([
    "2026-11-24T09:00:00Z",
    "2026-11-24T09:00:00.123456789Z",
    "2026-11-24T09:00:00+05:45",
    "2024-02-29T23:59:59-03:00",
  ])("may be %s", (text) => {
    expect(validateInstant(text)).toBeUndefined();
  });

  it.each([
    "2026-11-24T09:00",
    "2026-11-24T09:00:00",
    "2026-11-24",
    "5",
    "Nov 24 2026",
    "2026-02-31T09:00:00Z",
    "2026-13-01T09:00:00Z",
    "2026-11-24T24:00:00Z",
    "2026-11-24T09:00:00+25:00",
    "",
  ])("may not be %j, which names no instant without the browser's zone, or none at all", (text) => {
    expect(validateInstant(text)).toContain("RFC 3339 with a zone");
  });
});

describe("a credential", () => {
  it("may be a key or a token", () => {
    expect(validateCredential("qsk_0123abc-DEF")).toBeUndefined();
    expect(validateCredential("eyJhbGciOi.eyJzdWI_.c2ln-w==")).toBeUndefined();
  });

  it("may not hold what no header can, and the complaint says where", () => {
    expect(validateCredential("qsk_\u200b1")).toContain("character 5 is U+200B");
    expect(validateCredential("qsk_1 qsk_2")).toContain("character 6 is U+0020");
    expect(validateCredential("schlüssel")).toContain("character 5 is U+00FC");
  });
});
