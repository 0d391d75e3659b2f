/**
 * Turns the `ts` blocks of a README into one program, on standard output, in their order; with `--expect`, what its comments
 * promise to be printed, one a line: the text behind the `//` of a line that logs.
 *
 * Usage: node readme-program.ts README [--expect] [FROM=TO ...], where FROM is replaced by TO in the program.
 */
import { readFileSync } from "node:fs";

const [file = "", ...options] = process.argv.slice(2);
const wantsExpectation = options[0] === "--expect";

const blocks = [...readFileSync(file, "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
if (blocks.length === 0) throw new Error(`${file} has no ts block`);
const program = blocks.join("\n");

if (wantsExpectation) {
  const promised = [...program.matchAll(/^ *console\.log\(.*\); \/\/ (.+)$/gm)].map(([, text = ""]) => text);
  if (promised.length === 0) throw new Error(`no comment of ${file} says what is printed`);
  process.stdout.write(`${promised.join("\n")}\n`);
} else {
  const replaced = options.reduce((text, option) => {
    const [from = "", to = ""] = option.split("=", 2);
    if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
    return text.replaceAll(from, to);
  }, program);
  process.stdout.write(replaced);
}
