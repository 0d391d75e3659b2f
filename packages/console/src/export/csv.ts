/**
 * CSV as RFC 4180 has it, made safe for spreadsheets: a cell that begins like a formula would be run by them, and metadata and
 * idempotency keys are whatever a caller sent.
 */

/** Spreadsheets take a file without it for the machine's old code page, and garble every letter beyond ASCII. */
export const csvByteOrderMark = "\uFEFF";

const formulaStart = /^[=+\-@\t\r\n]/;
const needsQuotes = /[",\r\n]/;

/**
 * One cell. A text that begins with `=`, `+`, `-`, `@`, a tab or a line break gets an apostrophe in front, as OWASP recommends;
 * NDJSON holds it unchanged.
 */
export function csvCell(text: string): string {
  const harmless = formulaStart.test(text) ? `'${text}` : text;
  return needsQuotes.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** One line with its end. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}
