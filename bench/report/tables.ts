import type { JudgedClaim } from "../claims.ts";
import type { ArmSummary } from "./arm-summary.ts";
import { markdownTable } from "./markdown-table.ts";
import { mebibytes, percent, short, shortSpread } from "./numbers.ts";

const marks: Readonly<Record<JudgedClaim["verdict"], string>> = {
  aim: "✔ aim",
  must: "✔ must",
  failed: "✘ fails",
  "not measured": "not measured",
};

export function claimsTable(claims: readonly JudgedClaim[]): string {
  const bound = (claim: JudgedClaim, value: number) => `${claim.isCeiling ? "≤" : "≥"} ${value}`;
  return markdownTable(
    ["ratio", "must", "aim", "median (min – max)", "verdict"],
    claims.map((claim) => [
      claim.title,
      bound(claim, claim.must),
      bound(claim, claim.aim),
      claim.spread === undefined ? "–" : shortSpread(claim.spread),
      marks[claim.verdict],
    ]),
  );
}

export function ratesTable(summaries: readonly ArmSummary[]): string {
  return markdownTable(
    ["arm", "in flight", "per second: median (min – max)", "p50 ms", "p99 ms"],
    summaries.map(({ arm, perSecond, p50Ms, p99Ms }) => [
      arm.name,
      arm.inFlight === undefined ? "–" : short(arm.inFlight),
      shortSpread(perSecond),
      short(p50Ms ?? Number.NaN),
      short(p99Ms ?? Number.NaN),
    ]),
  );
}

/** What others flush in the background while an arm reads is no cost of its answers. */
function writes({ arm, diskBytesPerEvent }: ArmSummary): boolean {
  return arm.group === "limiter" || diskBytesPerEvent !== undefined;
}

export function costsTable(summaries: readonly ArmSummary[]): string {
  return markdownTable(
    [
      "arm",
      "server µs",
      "PostgreSQL µs",
      "flushes per 1,000",
      "log bytes",
      "disk bytes",
      "server memory",
      "generator CPU",
      "other CPU",
    ],
    summaries.map((summary) => [
      summary.arm.name,
      short(summary.serverCpuUs),
      short(summary.postgresCpuUs),
      short(writes(summary) ? summary.logFlushesPerThousand : Number.NaN),
      short(writes(summary) ? summary.logBytesPerAnswer : Number.NaN),
      short(summary.diskBytesPerEvent ?? Number.NaN),
      summary.residentBytes === 0 ? "–" : mebibytes(summary.residentBytes),
      percent(summary.generatorCpuShare),
      percent(summary.otherCpuShare),
    ]),
  );
}
