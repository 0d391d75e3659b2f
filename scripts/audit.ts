/**
 * Asks the registry for known vulnerabilities of the packages in the lockfile. Each finding is mended, or explained here.
 *
 * A registry that answers no such question, as mirrors often do not, is said to be one, and fails nobody's build.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Names of packages whose findings do not concern us, and why. */
const explained: Readonly<Record<string, string>> = {};

interface Report {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
  readonly message?: string;
}

const { stdout, stderr } = spawnSync("npm", ["audit", "--json"], {
  cwd: join(import.meta.dirname, ".."),
  encoding: "utf8",
  maxBuffer: 64 << 20,
});
// npm adds lines of its own before the report where the registry has failed.
const start = stdout.indexOf("{");
const report: Report = start === -1 ? { message: stderr } : JSON.parse(stdout.slice(start));

if (report.vulnerabilities === undefined) {
  console.log(`NOT AUDITED: the registry does not say: ${report.message}`);
} else {
  const findings = Object.entries(report.vulnerabilities);
  const open = findings.filter(([name]) => explained[name] === undefined);
  for (const [name, { severity, range }] of open) console.error(`${name} ${range}: ${severity}; see npm audit`);
  for (const name of Object.keys(explained)) {
    if (report.vulnerabilities[name] === undefined)
      console.error(`${name} has no finding any more: explain it no longer`);
  }
  if (open.length > 0) process.exit(1);
  console.log(`no findings but ${findings.length} that are explained`);
}
