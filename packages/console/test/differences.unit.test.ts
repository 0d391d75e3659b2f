import { describe, expect, it } from "vitest";
import { differencesOf } from "../src/format/differences.ts";

describe("the difference of two objects", () => {
  it("names each leaf that was added, removed, changed or kept", () => {
    const before = { code: "starter", displayName: "Starter", isDefault: true };
    const after = { code: "starter", displayName: "Start", revision: "2" };
    expect(differencesOf(before, after)).toEqual([
      { path: "code", kind: "same", before: "starter", after: "starter" },
      { path: "displayName", kind: "changed", before: "Starter", after: "Start" },
      { path: "isDefault", kind: "removed", before: "true", after: undefined },
      { path: "revision", kind: "added", before: undefined, after: "2" },
    ]);
  });

  it("matches the limits of a plan by their metric, not by their place", () => {
    const before = { limits: [{ metricCode: "b", limit: "1" }] };
    const after = { limits: [{ metricCode: "a" }, { metricCode: "b", limit: "2" }] };
    const changed = differencesOf(before, after).filter(({ kind }) => kind !== "same");
    expect(changed.map(({ path, kind }) => [path, kind])).toEqual([
      ["limits[a].metricCode", "added"],
      ["limits[b].limit", "changed"],
    ]);
  });

  it("takes everything of a new object for added, and of a deleted one for removed", () => {
    expect(differencesOf(undefined, { a: 1 })).toEqual([{ path: "a", kind: "added", before: undefined, after: "1" }]);
    expect(differencesOf({ a: 1 }, undefined)).toEqual([{ path: "a", kind: "removed", before: "1", after: undefined }]);
  });

  it("tells an empty list from an absent one, and null from nothing", () => {
    const sides = differencesOf({ limits: [] }, { anchor: null }).map(({ path, before, after }) => [
      path,
      before,
      after,
    ]);
    expect(sides).toEqual([
      ["anchor", undefined, "null"],
      ["limits", "[]", undefined],
    ]);
  });
});
