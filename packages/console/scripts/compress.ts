import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const compressible = /\.(js|css|html|svg|txt|md)$/;

/** Smaller than this, a file fits into one packet either way. */
const worthwhileBytes = 1_000;

/** Puts a `.gz` and a `.br` beside every text: compressing once is cheaper than at each request, and harder is affordable. */
export function compressFiles(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!compressible.test(file)) continue;
    const content = readFileSync(join(folder, file));
    if (content.byteLength < worthwhileBytes) continue;
    writeFileSync(join(folder, `${file}.gz`), gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
    writeFileSync(join(folder, `${file}.br`), brotliCompressSync(content));
  }
}
