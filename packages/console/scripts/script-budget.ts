import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";

/** All scripts together, compressed by gzip. Support staff open the console on whatever line they have. */
export const scriptBudgetBytes = 300_000;

/** The scripts of a built console, compressed. */
export function scriptBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js"))
    .map((file) => gzipSync(readFileSync(join(folder, file)), { level: constants.Z_BEST_COMPRESSION }).byteLength)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * @throws Error when the scripts are larger than the budget
 * @throws Error when there are none, which no build has
 */
export function checkScriptBudget(folder: string): void {
  const bytes = scriptBytes(folder);
  if (bytes === 0) throw new Error(`no script was built into ${folder}`);
  if (bytes > scriptBudgetBytes) {
    throw new Error(`the scripts take ${bytes} bytes compressed; at most ${scriptBudgetBytes} are allowed`);
  }
}
