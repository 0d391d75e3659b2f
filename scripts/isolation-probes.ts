/**
 * Proves that the tests of isolation can fail: each probe takes one layer away in a copy of the project and runs the tests
 * there. A test that stays green without the layer that it speaks of looks exactly like a layer that holds.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

interface Probe {
  readonly what: string;
  readonly file: string;
  /** The text that is taken away, which must be there, and what stands in its place. */
  readonly from: string;
  readonly to: string;
  /** Test files that must fail without it, and files that must hold all the same: the other layer's. */
  readonly red: readonly string[];
  readonly green: readonly string[];
}

const filterRemoved = "test/isolation/filter-removed.wire.test.ts";
const policyRemoved = "test/isolation/policy-removed.wire.test.ts";
const roles = "test/infrastructure/isolation.pg.test.ts";
const hostile = "test/isolation/hostile-query.pg.test.ts";
const refused = "test/start/refused-database.pg.test.ts";

const entityFile = "src/infrastructure/database/entities/tenant-table.ts";
const migrationFile = "migrations/20261124-initial-schema.ts";
const settingsFile = "src/infrastructure/database/transaction-settings.ts";

/** One table stands for all: the same code makes the policies of each, and the tests look at each. */
const enabled = 'this.addSql(`alter table "quota_usage_event" enable row level security`);';
const forced = 'this.addSql(`alter table "quota_usage_event" force row level security`);';
/** The last migration that says what the policies let pass. */
const policyFile = "migrations/20261124-hashed-tenant-policy.ts";
const condition =
  "tenant_id in (select unnest(string_to_array(current_setting('quota.tenant_ids', true), ',')::uuid[]) as unnest)";

const probes: readonly Probe[] = [
  {
    what: "the ORM's filter is off unless asked for",
    file: entityFile,
    from: "default: true,",
    to: "default: false,",
    red: [roles, policyRemoved],
    green: [filterRemoved, hostile, refused],
  },
  {
    what: "the ORM's filter lets every tenant pass",
    file: entityFile,
    from: "cond: (params: TenantFilterParams) => ({ tenantId: { $in: [...params.tenantIds] } }),",
    to: "cond: (_params: TenantFilterParams) => ({}),",
    red: [roles, policyRemoved],
    green: [filterRemoved, hostile, refused],
  },
  {
    what: "row level security is not enabled",
    file: migrationFile,
    from: enabled,
    to: "",
    red: [roles, hostile, refused],
    green: [],
  },
  {
    what: "row level security is not forced",
    file: migrationFile,
    from: forced,
    to: "",
    red: [roles, refused],
    green: [hostile],
  },
  {
    what: "the policy lets every tenant pass",
    file: policyFile,
    from: condition,
    to: "true",
    red: [roles, hostile, refused],
    green: [],
  },
  {
    what: "a transaction names no tenants",
    file: settingsFile,
    from: `'\${tenantIds.join(",")}'`,
    to: "''",
    red: [hostile, filterRemoved],
    green: [],
  },
];

/** What a copy needs to run these tests. */
const copied = ["src", "test", "migrations", "gen", "examples", "package.json", "tsconfig.json", "vitest.config.ts"];

const projectRoot = join(import.meta.dirname, "..");
const copyRoot = mkdtempSync(join(tmpdir(), "quota-isolation-probes-"));

process.on("exit", () => rmSync(copyRoot, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

for (const name of copied) cpSync(join(projectRoot, name), join(copyRoot, name), { recursive: true });
symlinkSync(join(projectRoot, "node_modules"), join(copyRoot, "node_modules"));

/** The files of which a test failed. */
function failingFiles(files: readonly string[]): string[] {
  const reportFile = join(copyRoot, "report.json");
  rmSync(reportFile, { force: true });
  const args = ["run", "--project=postgres", "--reporter=json", `--outputFile=${reportFile}`, ...files];
  const { stdout, stderr } = spawnSync("vitest", args, { cwd: copyRoot, encoding: "utf8" });
  if (!existsSync(reportFile)) throw new Error(`vitest did not run: ${stdout}${stderr}`);
  const report: { testResults: { name: string; status: string }[] } = JSON.parse(readFileSync(reportFile, "utf8"));
  if (report.testResults.length !== files.length) throw new Error(`vitest did not run all of ${files.join(", ")}`);
  return report.testResults
    .filter(({ status }) => status !== "passed")
    .map(({ name }) => files.find((file) => name.endsWith(file)) ?? name)
    .sort((a, b) => a.localeCompare(b));
}

/** What is wrong with the suite, if anything. */
function probeFailures({ what, file, from, to, red, green }: Probe): string[] {
  const path = join(copyRoot, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) return [`${what}: ${file} must hold exactly once: ${from}`];
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  const failing = failingFiles([...red, ...green]);
  writeFileSync(path, text);
  return [
    ...red.filter((name) => !failing.includes(name)).map((name) => `${what}: ${name} does not notice`),
    ...green
      .filter((name) => failing.includes(name))
      .map((name) => `${what}: ${name} fails, though another layer is left`),
  ];
}

const failures = failingFiles([...new Set(probes.flatMap(({ red, green }) => [...red, ...green]))]).map(
  (file) => `nothing is taken away: ${file} fails`,
);
for (const probe of failures.length > 0 ? [] : probes) {
  failures.push(...probeFailures(probe));
  // The tests are waited for without a turn of the event loop, and a signal is heard only at one.
  await setImmediate();
}

for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exit(1);
console.log(`${probes.length} layers were taken away, and each was missed`);
