import { describe, expect, it } from "vitest";
import { fairShare } from "../../src/services/fair-share.ts";

const first = (item: string) => item.charAt(0);

describe("fairShare", () => {
  it("takes everything where there is room", () => {
    expect([...fairShare(["a1", "b1", "a2"], first, 4, 0)].toSorted()).toEqual(["a1", "a2", "b1"]);
    expect(fairShare([], first, 4, 0).size).toBe(0);
  });

  it("takes as many of each key as of the others, the first ones first", () => {
    const items = ["a1", "a2", "a3", "a4", "a5", "b1", "a6", "b2", "b3"];
    expect([...fairShare(items, first, 4, 0)]).toEqual(["a1", "a2", "b1", "b2"]);
  });

  it("takes other keys in every turn where there are too many, until each has come", () => {
    const items = ["a1", "b1", "c1", "d1", "e1", "a2"];
    expect([...fairShare(items, first, 2, 0)]).toEqual(["a1", "b1"]);
    expect([...fairShare(items, first, 2, 1)]).toEqual(["c1", "d1"]);
    expect([...fairShare(items, first, 2, 2)]).toEqual(["e1", "a1"]);
  });
});
