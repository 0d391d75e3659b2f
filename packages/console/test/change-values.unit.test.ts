import { describe, expect, it } from "vitest";
import { ControlObjectKind } from "../../../gen/quota/v1/control_change_pb.ts";
import { changeValueOf, outlineOf } from "../src/format/change-values.ts";

describe("a field of a changed object", () => {
  it.each([
    ["limits[exports].enforcement", "LIMIT_ENFORCEMENT_HARD", "HARD"],
    ["enforcement", "LIMIT_ENFORCEMENT_UNSPECIFIED", "as the plan"],
    ["limits[exports].periodKind", "PERIOD_KIND_MONTH", "month"],
    ["role", "ROLE_AUDITOR", "AUDITOR"],
    ["limits[exports].limit", "9007199254740991", "9,007,199,254,740,991"],
    ["displayName", "20000", "20000"],
    ["reason", "2026-11-24T09:00:00Z", "2026-11-24T09:00:00Z"],
  ])("%s of %s is shown as %s", (path, text, shown) => {
    expect(changeValueOf(path, text)).toEqual({ text: shown });
  });

  it.each(["createdAt", "expiresAt", "anchor"])("is an instant in %s", (path) => {
    expect(changeValueOf(path, "2026-11-24T09:00:00Z")).toEqual({ instant: new Date("2026-11-24T09:00:00Z") });
  });
});

describe("what is new or gone", () => {
  it("is told by what matters of its kind", () => {
    const { LIMIT_OVERRIDE, SUBSCRIPTION, PLAN, API_KEY } = ControlObjectKind;
    expect(outlineOf(LIMIT_OVERRIDE, { limit: "700", reason: "ticket 4711" })).toBe("limit 700 “ticket 4711”");
    expect(outlineOf(LIMIT_OVERRIDE, { unlimited: true })).toBe("limit unlimited");
    expect(outlineOf(SUBSCRIPTION, { planCode: "team", timeZone: "Asia/Tokyo" })).toBe("plan team, Asia/Tokyo");
    expect(outlineOf(PLAN, { displayName: "Team", limits: [{}, {}] })).toBe("“Team”, 2 limits");
    expect(outlineOf(API_KEY, { displayName: "Support desk", role: "ROLE_AUDITOR" })).toBe("“Support desk”, AUDITOR");
  });
});
