import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A digest of the mode and of everything below the paths, names and contents: equal digests mean that a build would make the
 * same files.
 *
 * @param paths relative to the root; one that does not exist counts as empty
 * @param mode what is built for
 */
export function digestOf(root: string, paths: readonly string[], mode: string): string {
  const hash = createHash("sha256").update(`${mode}\0`);
  for (const path of [...paths].sort((a, b) => (a < b ? -1 : 1))) {
    for (const file of filesBelow(root, path)) {
      const content = readFileSync(join(root, file));
      hash.update(`${file}\0${content.byteLength}\0`).update(content);
    }
  }
  return hash.digest("hex");
}

function filesBelow(root: string, path: string): string[] {
  const place = join(root, path);
  if (!existsSync(place)) return [];
  if (lstatSync(place).isFile()) return [path];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort((a, b) => (a < b ? -1 : 1));
}
