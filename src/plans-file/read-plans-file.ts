import { isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { parsePlansFile } from "./parse-plans-file.ts";
import type { PlansFile } from "./plans-file.ts";
import { PlansFileError } from "./plans-file-error.ts";

/** Some 8,000 tenants; a larger file is another file, named by mistake. */
export const plansFileBytesMax = 1024 * 1024;

const lineFeed = 0x0a;

/** @throws PlansFileError when it cannot be read, is no UTF-8, or says something wrong */
export async function readPlansFile(fileName: string): Promise<PlansFile> {
  const bytes = await readBytes(fileName);
  if (!isUtf8(bytes)) throw new PlansFileError(fileName, firstLineNotUtf8(bytes), "is not text in UTF-8");
  return parsePlansFile(fileName, new TextDecoder().decode(bytes));
}

async function readBytes(fileName: string): Promise<Uint8Array> {
  try {
    const stats = await stat(fileName);
    // A pipe would keep the start waiting for whoever writes it.
    if (!stats.isFile()) throw new PlansFileError(fileName, undefined, "is not a file");
    if (stats.size > plansFileBytesMax) throw tooLarge(fileName, stats.size);
    const bytes = await readFile(fileName);
    // It may have grown since.
    if (bytes.length > plansFileBytesMax) throw tooLarge(fileName, bytes.length);
    return bytes;
  } catch (error) {
    if (error instanceof PlansFileError) throw error;
    throw new PlansFileError(fileName, undefined, `cannot be read (PLANS_FILE): ${systemReason(error)}`);
  }
}

function tooLarge(fileName: string, sizeBytes: number): PlansFileError {
  return new PlansFileError(fileName, undefined, `is ${sizeBytes} bytes, at most ${plansFileBytesMax} are allowed`);
}

function systemReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "this user may not read it";
  return error instanceof Error ? error.message : String(error);
}

/** No character of several bytes contains a line feed, so each line can be judged for itself. */
function firstLineNotUtf8(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf(lineFeed, start);
    const next = end === -1 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(start, next))) return line;
    start = next;
  }
  return line;
}
