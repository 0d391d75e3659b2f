/**
 * Fails unless the generated folders are what `npm run generate` makes of `proto/` now: no file differs, none is missing,
 * none is left over. It generates into a folder of its own, so that it neither repairs what it checks nor needs anything committed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const fresh = mkdtempSync(join(tmpdir(), "quota-generate-"));
process.on("exit", () => rmSync(fresh, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

/** What buf is told by, and where that puts its files. */
const templates = [
  { template: "buf.gen.yaml", folder: "gen" },
  { template: "packages/client/buf.gen.yaml", folder: "packages/client/src/gen" },
];

const differences: string[] = [];
let fileCount = 0;
for (const { template, folder } of templates) {
  const arguments_ = ["generate", "--template", template, "--output", fresh];
  const run = spawnSync("buf", arguments_, { cwd: root, stdio: "inherit" });
  if (run.status !== 0) process.exit(1);

  const made = readTree(join(fresh, folder));
  const present = readTree(join(root, folder));
  fileCount += made.size;
  differences.push(
    ...[...made.keys()].filter((file) => !present.has(file)).map((file) => `missing: ${folder}/${file}`),
    ...[...present.keys()].filter((file) => !made.has(file)).map((file) => `left over: ${folder}/${file}`),
    ...[...made]
      .filter(([file, text]) => (present.get(file) ?? text) !== text)
      .map(([file]) => `out of date: ${folder}/${file}`),
  );
  // Nothing generated is no agreement: two empty folders are equal as well.
  if (made.size === 0) differences.push(`buf generated nothing for ${folder}`);
}

if (differences.length > 0) {
  for (const difference of differences) console.error(difference);
  console.error("run: npm run generate");
  process.exit(1);
}
console.log(`${fileCount} generated files are up to date`);

function readTree(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
    }),
  );
}
