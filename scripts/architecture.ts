import { join } from "node:path";
import { cruise } from "./cruise.ts";

const root = join(import.meta.dirname, "..");
const report = cruise(root, join(root, ".dependency-cruiser.mjs"));

for (const doubt of report.doubts) console.error(`not to be trusted: ${doubt}`);
for (const { rule, reason, from, to } of report.violations) {
  console.error(`${rule}: ${from} imports ${to}\n    ${reason}`);
}
if (report.doubts.length + report.violations.length > 0) process.exit(1);
console.log(`${report.moduleCount} modules and ${report.dependencyCount} imports follow ${report.rules.length} rules`);
