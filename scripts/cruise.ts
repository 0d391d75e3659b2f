import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The folders whose imports are checked: these of the project, and sources and tests of every package. Tests are among
 * them for cycles and for imports that lead nowhere.
 */
const projectFolders = ["src", "gen", "migrations", "test"];
const packageFolders = ["src", "test"];

export interface Violation {
  readonly rule: string;
  readonly reason: string;
  readonly from: string;
  readonly to: string;
}

export interface CruiseReport {
  /** The names of the rules that were applied. */
  readonly rules: readonly string[];
  /** How many modules were read, packages not counted. */
  readonly moduleCount: number;
  readonly dependencyCount: number;
  readonly violations: readonly Violation[];
  /** Reasons not to believe the violations, or their absence. */
  readonly doubts: readonly string[];
}

interface CruiserOutput {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly unknown[] }[];
  readonly summary: {
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string; readonly comment: string }[] };
    readonly violations: readonly {
      readonly rule: { readonly name: string };
      readonly from: string;
      readonly to: string;
    }[];
  };
}

/**
 * Runs dependency-cruiser over the tree at `root` with the rules in `config`.
 *
 * The cruiser reports success when it could read nothing, so its report is compared with the files on disk.
 *
 * @throws Error when the cruiser itself does not work
 */
export function cruise(root: string, config: string): CruiseReport {
  const folders = listCruisedFolders(root);
  const run = spawnSync("depcruise", ["--config", config, "--output-type", "json", ...folders], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (run.error !== undefined) throw new Error("depcruise did not start", { cause: run.error });
  if (!run.stdout.startsWith("{")) throw new Error(`depcruise failed:\n${run.stdout}${run.stderr}`);

  // Its shape is the cruiser's published output schema; what is used of it is stated above.
  const output = JSON.parse(run.stdout) as CruiserOutput;
  const reasons = new Map(output.summary.ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment]));
  const dependencyCounts = new Map<string, number>();
  for (const module of output.modules) {
    if (folders.some((folder) => module.source.startsWith(`${folder}/`))) {
      dependencyCounts.set(module.source, module.dependencies.length);
    }
  }
  return {
    rules: [...reasons.keys()],
    moduleCount: dependencyCounts.size,
    dependencyCount: [...dependencyCounts.values()].reduce((sum, count) => sum + count, 0),
    violations: output.summary.violations.map(({ rule, from, to }) => ({
      rule: rule.name,
      reason: reasons.get(rule.name) ?? "",
      from,
      to,
    })),
    doubts: findDoubts(root, folders, dependencyCounts),
  };
}

function listCruisedFolders(root: string): string[] {
  const packages = existsSync(join(root, "packages")) ? readdirSync(join(root, "packages")) : [];
  return [
    ...projectFolders,
    ...packages.flatMap((name) => packageFolders.map((folder) => `packages/${name}/${folder}`)),
  ].filter((folder) => existsSync(join(root, folder)));
}

function findDoubts(root: string, folders: readonly string[], dependencyCounts: ReadonlyMap<string, number>): string[] {
  const doubts: string[] = [];
  if (dependencyCounts.size === 0) doubts.push("0 modules were read");
  for (const file of folders.flatMap((folder) => listTypeScript(root, folder))) {
    const dependencyCount = dependencyCounts.get(file);
    if (dependencyCount === undefined) {
      doubts.push(`${file} was not read`);
    } else if (
      dependencyCount === 0 &&
      /^(import|export)\b[^;]* from "/m.test(readFileSync(join(root, file), "utf8"))
    ) {
      doubts.push(`${file} has imports, and none was seen`);
    }
  }
  return doubts;
}

function listTypeScript(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`);
}
