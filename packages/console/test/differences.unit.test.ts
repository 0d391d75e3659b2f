import { describe, expect, it } from "vitest";
import { differencesOf, summaryOf } from "../src/format/differences.ts";

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

describe("the summary of a change", () => {
  it("names the first field that changed and counts the others, without what every change moves along", () => {
    const before = { displayName: "A", isDefault: false, revision: "1", updatedAt: "x" };
    const after = { displayName: "B", isDefault: true, revision: "2", updatedAt: "y" };
    expect(summaryOf(before, after)).toEqual({
      first: { path: "displayName", kind: "changed", before: "A", after: "B" },
      others: 1,
    });
  });

  it("is empty for what is new or gone", () => {
    expect(summaryOf(undefined, { a: 1 })).toEqual({ first: undefined, others: 0 });
    expect(summaryOf({ a: 1 }, undefined)).toEqual({ first: undefined, others: 0 });
  });
});
