/**
 * Builds the console into `dist`, unless what lies there was built from the same files. `npm start` runs this before every
 * start: the first one builds, which takes seconds; the others compare a digest.
 *
 * With `--optional`, as `npm start` has it, a build that fails is one line and no failure: the service counts usage without its
 * console as well.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleInto, bundleMode } from "./bundle.ts";
import { compressFiles } from "./compress.ts";
import { digestOf } from "./digest.ts";
import { checkScriptBudget } from "./script-budget.ts";

const projectRoot = join(import.meta.dirname, "..", "..", "..");
const packageFolder = "packages/console";
const output = join(projectRoot, packageFolder, "dist");

/** Inside of the output, so that both are replaced at once. A dot file is never served. */
const digestFile = ".digest";

/** Whatever changes what is built. The lockfile stands for every package. */
const sources = [
  "gen",
  "package-lock.json",
  ...["index.html", "package.json", "public", "scripts", "src", "tsconfig.json", "vite.config.ts"].map(
    (name) => `${packageFolder}/${name}`,
  ),
];

const isOptional = process.argv.includes("--optional");

async function buildConsole(): Promise<void> {
  const digest = digestOf(projectRoot, sources, bundleMode);
  if (builtDigest() === digest) return;

  const started = performance.now();
  // Beside its place and renamed into it: a build that was killed half-way leaves nothing that is served.
  const fresh = `${output}.${process.pid}`;
  try {
    await bundleInto(fresh);
    checkScriptBudget(fresh);
    compressFiles(fresh);
    writeFileSync(join(fresh, digestFile), digest);
    replaceOutput(fresh, digest);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  // `npm start` has the service's own log and nothing beside it.
  if (!isOptional) console.log(`built in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
}

function builtDigest(): string | undefined {
  const file = join(output, digestFile);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** Another start may have been faster with the same. */
function replaceOutput(fresh: string, digest: string): void {
  if (builtDigest() === digest) return;
  const old = `${fresh}.old`;
  try {
    mkdirSync(join(output, ".."), { recursive: true });
    if (existsSync(output)) renameSync(output, old);
    renameSync(fresh, output);
  } catch (cause) {
    if (builtDigest() !== digest) throw cause;
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

try {
  await buildConsole();
} catch (failure) {
  const [firstLine] = String(failure instanceof Error ? failure.message : failure).split("\n");
  console.error(`the console could not be built: ${firstLine}`);
  if (isOptional) console.error("the service starts without it; `npm run build -w packages/console` says more");
  else console.error(failure);
  process.exitCode = isOptional ? 0 : 1;
}
