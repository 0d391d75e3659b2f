import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import { describe, expect, it } from "vitest";
import { codesByReason, type ErrorReasonName } from "../../../src/api/errors/reason-codes.ts";
import { type StatusCode, statusCodes } from "../../../src/api/errors/status-code.ts";
import { httpStatusByReason } from "../../../src/api/http/rest/rest-error.ts";

interface Row {
  readonly code: string;
  readonly reasons: readonly string[];
  readonly statuses: string;
}

/** The README's table of errors; a row without a code has that of the row above. */
function readRows(): Row[] {
  const readme = readFileSync(join(import.meta.dirname, "../../../README.md"), "utf8");
  const table = /^\| code \| reason \| HTTP \| what to do \|\n\|[-|]+\|\n((?:\|.*\n)+)/m.exec(readme)?.[1] ?? "";
  let code = "";
  return table
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, codes = "", reasons = "", statuses = ""] = line.split("|").map((cell) => cell.trim());
      code = /`([A-Z_]+)`/.exec(codes)?.[1] ?? code;
      return { code, reasons: [...reasons.matchAll(/`([A-Z_]+)`/g)].map(([, reason = ""]) => reason), statuses };
    });
}

const rows = readRows();
const codeNamed = (name: string): StatusCode => statusCodes[name as keyof typeof statusCodes];

describe("the README's table of errors", () => {
  it("has every reason", () => {
    const named = new Set(rows.flatMap(({ reasons }) => reasons));
    expect([...named].sort()).toEqual(Object.keys(codesByReason).sort());
  });

  it.each(rows.filter(({ reasons }) => reasons.length > 0))("has the code and the statuses of $reasons", (row) => {
    const connect = codeToHttpStatus(codeNamed(row.code));
    for (const reason of row.reasons as ErrorReasonName[]) {
      const isException = reason === "OUTCOME_UNKNOWN" && row.code === "UNKNOWN";
      if (!isException) expect(codeNamed(row.code)).toBe(codesByReason[reason]);
      // Neither REST endpoint can come to the exception.
      const rest = isException ? connect : httpStatusByReason[reason];
      expect(row.statuses).toBe(connect === rest ? String(connect) : `${connect} / ${rest}`);
    }
  });
});
