import { type Arm, comparedInFlight, type RepeatResults } from "./arms/arm.ts";
import { noOpArm } from "./arms/ceiling.ts";
import { securedArm, unsecuredArm } from "./arms/isolation.ts";
import { listingArm, pageKinds, pageScopes } from "./arms/listing.ts";
import { transactionArm } from "./arms/one-transaction.ts";
import { openLoopArm, peakOf } from "./arms/open-loop.ts";
import { limiterArm } from "./arms/rate-limiter.ts";
import { checkQuotaArm } from "./arms/reads.ts";
import { recordArm, ungroupedArm } from "./arms/record-usage.ts";
import type { Measurement } from "./measure/measurement.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** One ratio that the benchmark must show. */
export interface Claim {
  readonly title: string;
  readonly must: number;
  readonly aim: number;
  /** Whether a smaller ratio is the better one. */
  readonly isCeiling: boolean;
  /** Within one repeat; undefined when an arm is missing. */
  readonly ratio: (results: RepeatResults) => number | undefined;
}

export interface JudgedClaim extends Claim {
  /** Over the repeats; absent when no repeat has all it takes. */
  readonly spread?: Spread;
  readonly verdict: "aim" | "must" | "failed" | "not measured";
}

const evenRecord = recordArm("even", comparedInFlight);
const hotRecord = recordArm("hot", comparedInFlight);

/** What a database can do by itself, and what a team's service can do through its driver. */
const transactionDrivers = [
  { driver: "pgbench", title: "one transaction per event" },
  { driver: "pg", title: "one transaction per event through pg" },
] as const;

/** What the benchmark has to show. */
export const claims: readonly Claim[] = [
  floor("RecordUsage, 1,000 tenants, 256 in flight ÷ no-op RPC", 0.4, 0.6, rates(evenRecord, noOpArm)),
  ...transactionDrivers.flatMap(({ driver, title }) => [
    floor(`RecordUsage, 1,000 tenants ÷ ${title}`, 3, 5, rates(evenRecord, transactionArm("even", driver))),
    floor(
      `RecordUsage, one hot counter ÷ ${title} on one row`,
      15,
      25,
      rates(hotRecord, transactionArm("hot", driver)),
    ),
  ]),
  floor("RecordUsage ÷ rate-limiter-flexible, 1,000 tenants", 1.8, 3, rates(evenRecord, limiterArm("even"))),
  floor("RecordUsage ÷ rate-limiter-flexible, one hot counter", 4, 8, rates(hotRecord, limiterArm("hot"))),
  floor("group commit on ÷ off, 1 in flight", 0.95, 1, rates(recordArm("even", 1), ungroupedArm("even", 1))),
  floor("throughput at 2,048 in flight ÷ peak", 0.85, 0.95, overloadRatio),
  floor("CheckQuota ÷ no-op RPC", 0.5, 0.8, rates(checkQuotaArm, noOpArm)),
  ...pageKinds.flatMap((kind) =>
    pageScopes.map((scope) =>
      ceiling(
        `ListEvents ${kind} ${scope}: time on the long list ÷ on 10 thousand events`,
        1.5,
        1.2,
        ratioOf(listingArm("long", kind, scope), listingArm("short", kind, scope), (arm) => arm.latency?.p50),
      ),
    ),
  ),
  floor("row level security on ÷ off", 0.95, 0.98, rates(securedArm, unsecuredArm)),
  ceiling("p99 ÷ p50 at 70 % of the peak (open loop)", 6, 3, tailRatio),
];

/** What `--quick` must show. */
export const quickClaims: readonly Claim[] = [
  floor("group commit on ÷ off, 64 in flight", 1, 2, rates(recordArm("even", 64), ungroupedArm("even", 64))),
];

export function judge(claim: Claim, repeats: readonly RepeatResults[]): JudgedClaim {
  const ratios = repeats.flatMap((results) => claim.ratio(results) ?? []);
  if (ratios.length === 0) return { ...claim, verdict: "not measured" };
  const spread = spreadOf(ratios);
  const reaches = (bound: number) => (claim.isCeiling ? spread.median <= bound : spread.median >= bound);
  return { ...claim, spread, verdict: reaches(claim.aim) ? "aim" : reaches(claim.must) ? "must" : "failed" };
}

/** The arms that a claim of `--quick` may need; asserted here, lest it pass for want of figures. */
export function assertMeasurable(arms: readonly Arm[], chosen: readonly Claim[]): void {
  const results = new Map(arms.map((arm) => [arm.name, unitMeasurement]));
  const lacking = chosen.find((claim) => claim.ratio(results) === undefined);
  if (lacking !== undefined) throw new Error(`no arm is measured for "${lacking.title}"`);
}

const unitMeasurement: Measurement = {
  perSecond: 1,
  latency: { p50: 1, p99: 1, max: 1 },
  serverCpuUs: 0,
  postgresCpuUs: 0,
  generatorCpuShare: 0,
  otherCpuShare: 0,
  logFlushesPerThousand: 0,
  logBytesPerAnswer: 0,
  residentBytes: 0,
};

function floor(title: string, must: number, aim: number, ratio: Claim["ratio"]): Claim {
  return { title, must, aim, isCeiling: false, ratio };
}

function ceiling(title: string, must: number, aim: number, ratio: Claim["ratio"]): Claim {
  return { title, must, aim, isCeiling: true, ratio };
}

function rates(above: string, below: string): Claim["ratio"] {
  return ratioOf(above, below, (arm) => arm.perSecond);
}

function ratioOf(above: string, below: string, pick: (arm: Measurement) => number | undefined): Claim["ratio"] {
  return (results) => {
    const [upper, lower] = [results.get(above), results.get(below)];
    const [dividend, divisor] = [upper && pick(upper), lower && pick(lower)];
    return dividend === undefined || divisor === undefined ? undefined : dividend / divisor;
  };
}

function overloadRatio(results: RepeatResults): number | undefined {
  const overloaded = results.get(recordArm("even", 2_048));
  const peak = peakOf(results);
  return overloaded === undefined || peak === undefined ? undefined : overloaded.perSecond / peak;
}

function tailRatio(results: RepeatResults): number | undefined {
  const latency = results.get(openLoopArm)?.latency;
  return latency === undefined ? undefined : latency.p99 / latency.p50;
}
