import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { LimitOverride } from "../../../../gen/quota/v1/subscription_pb.ts";
import {
  LimitEnforcement,
  LimitSource,
  type QuotaStatus,
  type UsageRefusal,
} from "../../../../gen/quota/v1/usage_pb.ts";

/** Why one metric of a tenant was refused, and what the same request would meet now. */
export interface RefusalExplanation {
  readonly metricCode: string;
  /** In the time that the refusals were asked for. */
  readonly count: bigint;
  /** The hour of the last refusal. */
  readonly lastHour: Date;
  readonly requested: bigint;
  readonly current: bigint;
  readonly limit: bigint;
  /** By how much the last request would have exceeded; at least 1. */
  readonly excess: bigint;
  /** True when the amount alone is above the limit: no waiting helps. */
  readonly isAmountAboveLimit: boolean;
  readonly now: RequestNow;
  /** How the tenant stands now; undefined where the plan lacks the metric by now. */
  readonly status: QuotaStatus | undefined;
  /** The override that gives the present limit. */
  readonly override: LimitOverride | undefined;
  /** An override that is gone, and under which the last request would have been admitted. */
  readonly lost: LostOverride | undefined;
  /** True when another limit is in force than at the last refusal. */
  readonly hasLimitChanged: boolean;
}

/** An override that does not hold any more. */
export interface LostOverride {
  readonly metricCode: string;
  /** Undefined means unlimited. */
  readonly limit: bigint | undefined;
  readonly reason: string;
  readonly how: "deleted" | "expired";
  readonly endedAt: Date;
  /** Who deleted it. */
  readonly by: string | undefined;
}

/** What the last refused request would meet if it came again now. */
export type RequestNow = "admitted" | "flagged" | "refused" | "not-in-plan";

/**
 * Puts the refusals beside the present state, the metric that was refused last first.
 *
 * @param refusals in any order, all of one tenant
 * @param lost the last one of each metric
 */
export function explainRefusals(
  refusals: readonly UsageRefusal[],
  statuses: readonly QuotaStatus[],
  overrides: readonly LimitOverride[],
  lost: readonly LostOverride[],
): RefusalExplanation[] {
  const byMetric = Map.groupBy(refusals, ({ metricCode }) => metricCode);
  return [...byMetric]
    .map(([metricCode, group]) => {
      const status = statuses.find((candidate) => candidate.metricCode === metricCode);
      const override =
        status?.limitSource === LimitSource.OVERRIDE
          ? overrides.find((candidate) => candidate.metricCode === metricCode)
          : undefined;
      const gone = override === undefined ? lost.find((candidate) => candidate.metricCode === metricCode) : undefined;
      return explainMetric(metricCode, group, status, override, gone);
    })
    .sort((a, b) => b.lastHour.getTime() - a.lastHour.getTime() || (a.metricCode < b.metricCode ? -1 : 1));
}

function explainMetric(
  metricCode: string,
  refusals: readonly UsageRefusal[],
  status: QuotaStatus | undefined,
  override: LimitOverride | undefined,
  lost: LostOverride | undefined,
): RefusalExplanation {
  const last = refusals.reduce((latest, refusal) => (hourMs(refusal) > hourMs(latest) ? refusal : latest));
  const { lastLimit: limit, lastCurrent: current, lastRequested: requested } = last;
  return {
    metricCode,
    count: refusals.reduce((sum, refusal) => sum + refusal.count, 0n),
    lastHour: new Date(hourMs(last)),
    requested,
    current,
    limit,
    excess: current + requested - limit,
    isAmountAboveLimit: requested > limit,
    now: requestNow(requested, status),
    status,
    override,
    lost: lost !== undefined && wasTheCause(lost, last) ? lost : undefined,
    hasLimitChanged: status !== undefined && status.limit !== limit,
  };
}

/** True when the override was gone by the refusal, and would have admitted what was refused. */
function wasTheCause({ limit, endedAt }: LostOverride, last: UsageRefusal): boolean {
  const hourLengthMs = 3_600_000;
  const wasGone = endedAt.getTime() < hourMs(last) + hourLengthMs;
  return wasGone && (limit === undefined || last.lastCurrent + last.lastRequested <= limit);
}

function requestNow(requested: bigint, status: QuotaStatus | undefined): RequestNow {
  if (status === undefined) return "not-in-plan";
  if (status.limit === undefined || status.current + requested <= status.limit) return "admitted";
  return status.enforcement === LimitEnforcement.HARD ? "refused" : "flagged";
}

function hourMs(refusal: UsageRefusal): number {
  return refusal.hour === undefined ? 0 : timestampMs(refusal.hour);
}

/** The refusals of many tenants, summed by tenant and metric. */
export interface RefusalSum {
  readonly tenantId: string;
  readonly metricCode: string;
  readonly count: bigint;
  /** The refusal of the latest hour, for its numbers. */
  readonly last: UsageRefusal;
}

/** Sums refusals by tenant and metric, the most often refused first. */
export function sumRefusals(refusals: readonly UsageRefusal[]): RefusalSum[] {
  const groups = Map.groupBy(refusals, ({ tenantId, metricCode }) => `${tenantId}/${metricCode}`);
  return [...groups.values()]
    .map((group) => {
      const last = group.reduce((latest, refusal) => (hourMs(refusal) > hourMs(latest) ? refusal : latest));
      const count = group.reduce((sum, refusal) => sum + refusal.count, 0n);
      return { tenantId: last.tenantId, metricCode: last.metricCode, count, last };
    })
    .sort((a, b) => Number(b.count - a.count) || (a.tenantId < b.tenantId ? -1 : 1));
}

/**
 * How many uses were refused in each hour, the earliest first, hours without refusals included.
 *
 * @param until the end of the last hour to count, exclusive; a full hour
 */
export function refusalsByHour(
  refusals: readonly UsageRefusal[],
  until: Date,
  hours: number,
): { readonly hour: Date; readonly count: bigint }[] {
  const hourLengthMs = 3_600_000;
  const counts = new Map<number, bigint>();
  for (const refusal of refusals) counts.set(hourMs(refusal), (counts.get(hourMs(refusal)) ?? 0n) + refusal.count);
  return Array.from({ length: hours }, (_, index) => {
    const start = until.getTime() - (hours - index) * hourLengthMs;
    return { hour: new Date(start), count: counts.get(start) ?? 0n };
  });
}
