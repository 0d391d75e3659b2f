import { describe, expect, it } from "vitest";
import { echoOf, quoted } from "../../src/domain/echo.ts";

describe("an echo", () => {
  it.each([
    ["", '""'],
    ["plain text", '"plain text"'],
    ['a "quoted" \\ text', '"a \\"quoted\\" \\\\ text"'],
    ["\u0000\u001b[31m\r\n\t\x7f", '"\\u0000\\u001b[31m\\u000d\\u000a\\u0009\\u007f"'],
    ["аpi", '"\\u0430pi"'],
    ["\u202egnp", '"\\u202egnp"'],
    ["\ud800", '"\\ud800"'],
    ["😀", '"\\u{1f600}"'],
  ])("of %j is printable ASCII", (text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  it.each([
    ["63 characters", "x".repeat(63), "x".repeat(63)],
    ["64 characters", "x".repeat(64), "x".repeat(64)],
    ["65 characters", "x".repeat(65), `${"x".repeat(61)}...`],
    ["escapes that do not fit", "\u0000".repeat(11), `${"\\u0000".repeat(10)}...`],
    ["a text before an escape that does not fit", `${"x".repeat(60)}\u0000`, `${"x".repeat(60)}...`],
  ])("of %s is at most 64 characters long and never cut within an escape", (_name, text, expected) => {
    expect(echoOf(text)).toBe(expected);
  });

  it("of a long text takes no long time", () => {
    expect(echoOf("\u0000".repeat(50_000_000)).length).toBeLessThanOrEqual(64);
  });
});
