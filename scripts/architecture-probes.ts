/**
 * Proves that the rules of the architecture and the linters can fail: a rule that has stopped matching looks exactly like
 * a rule that everybody follows.
 *
 * Every probe is a file that breaks one rule, in a small tree of its own under `.probes/`, which git, the linters and the
 * tests ignore. The tree is cruised once; each file must be reported for the rules it names and for no other.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type CruiseReport, cruise } from "./cruise.ts";
import { foldersOfTheRules, importForms, lintProbes, probes, stubs } from "./probe-files.ts";

const projectRoot = join(import.meta.dirname, "..");
const probesRoot = join(projectRoot, ".probes");
const probeRoot = join(probesRoot, String(process.pid));
const rulesFile = join(projectRoot, ".dependency-cruiser.mjs");

const failures: string[] = [];

function expect(condition: boolean, failure: string): void {
  if (!condition) failures.push(failure);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(probeRoot, file)), { recursive: true });
  writeFileSync(join(probeRoot, file), text);
}

function rulesFiredBy(report: CruiseReport, file: string): string[] {
  return report.violations
    .filter(({ from }) => from === file)
    .map(({ rule }) => rule)
    .sort((a, b) => a.localeCompare(b));
}

function checkImportRules(): void {
  for (const stub of stubs) write(stub, "export type A = number;\nexport const a: A = 1;\n");
  for (const [file, imports] of probes) {
    write(file, imports.map((specifier) => `import type {} from "${specifier}";\n`).join(""));
  }
  for (const [form, text] of Object.entries(importForms)) write(`src/domain/form-${form}.ts`, `${text}\n`);

  const report = cruise(probeRoot, rulesFile);
  for (const doubt of report.doubts) failures.push(`the probes' own tree: ${doubt}`);
  for (const [file, , ...rules] of probes) {
    const fired = rulesFiredBy(report, file).join(", ");
    expect(fired === rules.join(", "), `${file} must break [${rules.join(", ")}] and breaks [${fired}]`);
  }
  for (const form of Object.keys(importForms)) {
    const fired = rulesFiredBy(report, `src/domain/form-${form}.ts`).join(", ");
    expect(fired === "domain-imports-nothing", `an import written as ${form} must be seen; reported: [${fired}]`);
  }
  for (const rule of report.rules) {
    const probed = probes.some(([, , ...rules]) => rules.includes(rule));
    expect(probed, `rule ${rule} has no probe`);
  }
}

/** A cruiser that reads nothing finds nothing wrong: so it is with TypeScript 7 as its only parser. */
function checkFalseGreen(): void {
  const blind = cruiseWith("blind", 'exclude: { path: "." }');
  expect(blind.violations.length === 0, "the probe for 0 modules needs a cruiser that sees nothing");
  expect(blind.doubts.includes("0 modules were read"), "0 modules must count as a failure");

  const half = cruiseWith("half-blind", 'includeOnly: { path: "^src/domain/probe-sibling" }');
  expect(half.doubts.includes("src/domain/stub.ts was not read"), "a file that was not read must count as a failure");
  const unseen = "src/domain/probe-sibling.ts has imports, and none was seen";
  expect(half.doubts.includes(unseen), "a file whose imports were not read must count as a failure");
}

function cruiseWith(name: string, option: string): CruiseReport {
  const config = `import rules from "../../.dependency-cruiser.mjs";
export default { ...rules, options: { ...rules.options, ${option} } };
`;
  write(`${name}.mjs`, config);
  return cruise(probeRoot, join(probeRoot, `${name}.mjs`));
}

function checkLinters(): void {
  write("tsconfig.json", '{ "extends": "../../tsconfig.json", "include": ["lint"] }\n');
  for (const { file, text } of lintProbes) write(file, text);
  const reports = {
    // By name, because oxlint leaves out what git ignores when it looks for files itself.
    oxlint: lint("oxlint", ["--type-aware", "--config=../../.oxlintrc.json", "--format=unix", ...filesFor("oxlint")]),
    biome: lint("biome", [
      "lint",
      "--config-path=../..",
      "--vcs-use-ignore-file=false",
      "--max-diagnostics=none",
      "--reporter=github",
      ...filesFor("biome"),
    ]),
  };
  for (const { linter, rule, file } of lintProbes) {
    const reported = reports[linter].some((line) => line.includes(file) && line.includes(rule));
    expect(reported, `${linter} must report ${rule} for ${file}`);
  }
}

function filesFor(linter: string): string[] {
  return lintProbes.filter((probe) => probe.linter === linter).map(({ file }) => file);
}

function lint(linter: string, args: readonly string[]): string[] {
  const run = spawnSync(linter, args, { cwd: probeRoot, encoding: "utf8" });
  if (run.error !== undefined) throw new Error(`${linter} did not start`, { cause: run.error });
  expect(run.status !== 0, `${linter} must exit with an error when it finds one`);
  return `${run.stdout}\n${run.stderr}`.split("\n");
}

/** A run that was killed leaves its folder behind; another one may be at work in its own. */
function removeAbandonedProbes(): void {
  if (!existsSync(probesRoot)) return;
  for (const folder of readdirSync(probesRoot)) {
    if (!isRunning(Number(folder))) rmSync(join(probesRoot, folder), { recursive: true, force: true });
  }
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

function removeProbes(): void {
  rmSync(probeRoot, { recursive: true, force: true });
  try {
    rmdirSync(probesRoot);
  } catch {
    // Another run still has its folder there.
  }
}

process.on("exit", removeProbes);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

removeAbandonedProbes();
for (const folder of foldersOfTheRules) {
  expect(existsSync(join(projectRoot, folder)), `the rules speak of ${folder}, which does not exist`);
}
for (const check of [checkImportRules, checkFalseGreen, checkLinters]) {
  check();
  // The tools are waited for without a turn of the event loop, and a signal is heard only at one.
  await setImmediate();
}

for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exit(1);
console.log(`${probes.length + Object.keys(importForms).length + lintProbes.length + 2} probes behave as expected`);
