import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../scripts/digest.ts";
import { checkScriptBudget, scriptBudgetBytes } from "../scripts/script-budget.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "console-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the script budget", () => {
  it("admits what fits, compressed", () => {
    writeFileSync(join(folder, "a.js"), "x".repeat(1_000_000));
    expect(() => checkScriptBudget(folder)).not.toThrow();
  });

  it("refuses what does not, all scripts together, with both numbers", () => {
    // What is random does not compress.
    for (const name of ["a.js", "b.js"]) writeFileSync(join(folder, name), randomBytes(scriptBudgetBytes / 2));
    const complaint = new RegExp(`\\d{6} bytes compressed; at most ${scriptBudgetBytes}`);
    expect(() => checkScriptBudget(folder)).toThrow(complaint);
  });

  it("takes a build without a script for none", () => {
    expect(() => checkScriptBudget(folder)).toThrow("no script");
  });
});

describe("the digest by which a build is known", () => {
  it("changes with a file's content and with its name, and with nothing else", () => {
    writeFileSync(join(folder, "a"), "1");
    const first = digestOf(folder, ["a", "b"]);
    expect(digestOf(folder, ["b", "a"])).toBe(first);
    writeFileSync(join(folder, "a"), "2");
    expect(digestOf(folder, ["a", "b"])).not.toBe(first);
    writeFileSync(join(folder, "a"), "1");
    writeFileSync(join(folder, "b"), "");
    expect(digestOf(folder, ["a", "b"])).not.toBe(first);
  });
});
