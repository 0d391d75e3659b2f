import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bundleInto } from "../scripts/bundle.ts";
import { digestOf } from "../scripts/digest.ts";
import { checkScriptBudget, scriptBudgetBytes } from "../scripts/script-budget.ts";

/** Seconds on a machine with nothing else to do. */
const bundleTimeoutMs = 120_000;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "console-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

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

describe("the bundle", () => {
  it("is the one for production, whatever the shell says", { timeout: bundleTimeoutMs }, async () => {
    // As within `npm test`, which starts services that build the console before they start.
    vi.stubEnv("NODE_ENV", "test");
    await bundleInto(folder);
    const scripts = readdirSync(join(folder, "assets"))
      .filter((file) => file.endsWith(".js"))
      .map((file) => readFileSync(join(folder, "assets", file), "utf8"))
      .join("");
    // What React's production version says instead of a message, and what its development version alone has.
    expect(scripts).toContain("Minified React error");
    expect(scripts).not.toContain("jsxDEV");
    expect(() => checkScriptBudget(folder)).not.toThrow();
  });
});

describe("the digest by which a build is known", () => {
  it("changes with a file's content, with its name and with the mode, and with nothing else", () => {
    writeFileSync(join(folder, "a"), "1");
    const first = digestOf(folder, ["a", "b"], "production");
    expect(digestOf(folder, ["b", "a"], "production")).toBe(first);
    expect(digestOf(folder, ["a", "b"], "development")).not.toBe(first);
    writeFileSync(join(folder, "a"), "2");
    expect(digestOf(folder, ["a", "b"], "production")).not.toBe(first);
    writeFileSync(join(folder, "a"), "1");
    writeFileSync(join(folder, "b"), "");
    expect(digestOf(folder, ["a", "b"], "production")).not.toBe(first);
  });
});
