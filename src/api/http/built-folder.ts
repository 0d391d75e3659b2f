import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";

/** One file, with the compressed forms that lay beside it. */
export interface BuiltFile {
  readonly bytes: Buffer;
  readonly brotli: Buffer | undefined;
  readonly gzip: Buffer | undefined;
  readonly type: string;
  /** Of its content, whatever form it is sent in. */
  readonly etag: string;
}

/** What a console is built of. A browser is told not to guess, so that any other is offered to be saved. */
const types: ReadonlyMap<string, string> = new Map([
  [".html", "text/html;charset=utf-8"],
  [".js", "text/javascript;charset=utf-8"],
  [".css", "text/css;charset=utf-8"],
  [".json", "application/json"],
  [".map", "application/json"],
  [".webmanifest", "application/manifest+json"],
  [".svg", "image/svg+xml"],
  [".png", "image/png"],
  [".ico", "image/x-icon"],
  [".woff2", "font/woff2"],
  [".txt", "text/plain;charset=utf-8"],
]);

const compressed = /\.(?:br|gz)$/;

/**
 * Reads a folder as a whole, under paths such as `/assets/index.js`. A file on disk would be open for as long as its reader
 * likes; these are shared by all. What is no plain file, a link for one, or has a hidden name, is left out.
 */
export function readBuiltFolder(folder: string): ReadonlyMap<string, BuiltFile> {
  const read = new Map<string, Buffer>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join("/")}`;
    if (!path.includes("/.")) read.set(path, readFileSync(file));
  }
  const files = [...read].filter(([path]) => !compressed.test(path));
  return new Map(
    files.map(([path, bytes]) => [
      path,
      {
        bytes,
        brotli: read.get(`${path}.br`),
        gzip: read.get(`${path}.gz`),
        type: types.get(extname(path)) ?? "application/octet-stream",
        etag: `W/"${createHash("sha256").update(bytes).digest("base64url")}"`,
      },
    ]),
  );
}
