import { describe, expect, it } from "vitest";
import { csvCell, csvLine } from "../src/export/csv.ts";

describe("CSV", () => {
  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])("does not let a spreadsheet run %j", (text) => {
    expect(csvCell(text)).toBe(`'${text}`);
  });

  it.each(["\rx", "\nx"])("does not let a line break hide a formula: %j", (text) => {
    expect(csvCell(text)).toBe(`"'${text}"`);
  });

  it("leaves a sign within a text alone", () => {
    expect(csvCell("a=b+c-d@e")).toBe("a=b+c-d@e");
  });

  it.each([
    ["a,b", '"a,b"'],
    ['say "no"', '"say ""no"""'],
    ["two\nlines", '"two\nlines"'],
    ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
    ["", ""],
  ])("quotes %j as RFC 4180 has it", (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  it("ends a line with CR and LF", () => {
    expect(csvLine(["a", "b c", ""])).toBe("a,b c,\r\n");
  });
});
