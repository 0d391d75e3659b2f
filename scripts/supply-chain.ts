/**
 * What the project takes in from others: every package of the lockfile with its hash, under a licence that is known here, in a
 * list that is committed; and a bill of materials that can be made.
 *
 * `--write` renews the list.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const projectRoot = join(import.meta.dirname, "..");
const listFile = "docs/third-party-licences.md";

/** Licences that ask no more of us than to keep their texts and names with their files. */
const allowed = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  // Binds changes to its own files, and we change none: the tool that builds the console's styles.
  "MPL-2.0",
  // Fonts: may go along with programs, not be sold by themselves.
  "OFL-1.1",
]);

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly isTool: boolean;
}

const failures: string[] = [];

function lockedPackages(): Package[] {
  const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
    readFileSync(join(projectRoot, "package-lock.json"), "utf8"),
  );
  return Object.entries(lock.packages).flatMap(([path, locked]) => {
    const [, name] = /.*node_modules\/(.+)$/.exec(path) ?? [];
    // The project itself, and its own packages.
    if (name === undefined || locked.link === true) return [];
    if (locked.integrity === undefined) failures.push(`package-lock.json: ${path} has no integrity`);
    // Left out where it is the registry that npm is set to.
    if (locked.resolved?.startsWith("https://") === false) {
      failures.push(`package-lock.json: ${path} does not come from a registry: ${locked.resolved}`);
    }
    const { version = "", license: licence = "none", dev: isTool = false } = locked;
    return [{ name, version, licence, isTool }];
  });
}

/** `(MIT OR Apache-2.0)` needs one that is allowed, `(Apache-2.0 AND MIT)` all of them. */
function isAllowed(licence: string): boolean {
  const expression = licence.replaceAll(/[()]/g, "");
  return expression.split(" OR ").some((choice) => choice.split(" AND ").every((part) => allowed.has(part.trim())));
}

function listOf(packages: readonly Package[]): string {
  const rows = new Set(
    packages.map(
      ({ name, version, licence, isTool }) => `| ${name} | ${version} | ${licence} | ${isTool ? "tool" : "runs"} |`,
    ),
  );
  return `# Third-party licences

Every package of the lockfile, as \`npm run licences\` lists them. "runs": comes along with the service, the client or the console;
"tool": builds and tests them.

| package | version | licence | |
| --- | --- | --- | --- |
${[...rows].sort().join("\n")}
`;
}

function checkBillOfMaterials(): void {
  const { stdout, stderr } = spawnSync("npm", ["run", "--silent", "sbom"], {
    cwd: projectRoot,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  try {
    const bill: { bomFormat?: string; components?: readonly unknown[] } = JSON.parse(stdout);
    if (bill.bomFormat !== "CycloneDX" || (bill.components?.length ?? 0) === 0) throw new Error("it lists nothing");
  } catch (error) {
    failures.push(`npm run sbom makes no bill of materials: ${error} ${stderr}`);
  }
}

const packages = lockedPackages();
if (packages.length === 0) failures.push("package-lock.json lists no package");
for (const { name, version, licence } of packages) {
  if (isAllowed(licence)) continue;
  failures.push(`${name} ${version}: licence ${licence} is none of those that scripts/supply-chain.ts allows`);
}
const list = listOf(packages);
if (process.argv.includes("--write")) {
  writeFileSync(join(projectRoot, listFile), list);
} else {
  if (readFileSync(join(projectRoot, listFile), "utf8") !== list) {
    failures.push(`${listFile} is not what the lockfile says; run: npm run licences`);
  }
  checkBillOfMaterials();
}
for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exit(1);
console.log(`${packages.length} packages, each with its hash and a licence that is allowed`);
