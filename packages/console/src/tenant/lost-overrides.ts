import type { ControlChange } from "../../../../gen/quota/v1/control_change_pb.ts";
import type { LimitOverride } from "../../../../gen/quota/v1/subscription_pb.ts";
import { instantOf } from "../format/times.ts";
import type { LostOverride } from "./explain-refusals.ts";

/**
 * The overrides that do not hold any more, one a metric at most.
 *
 * @param overrides the tenant's present ones, expired ones included
 * @param changes the changes of its overrides, the newest first
 */
export function lostOverridesOf(
  overrides: readonly LimitOverride[],
  changes: readonly ControlChange[],
  now: Date,
): LostOverride[] {
  const present = new Set(overrides.map(({ metricCode }) => metricCode));
  const deleted = new Map<string, LostOverride>();
  for (const change of changes) {
    const lost = deletedBy(change);
    if (lost !== undefined && !present.has(lost.metricCode) && !deleted.has(lost.metricCode)) {
      deleted.set(lost.metricCode, lost);
    }
  }
  return [...overrides.flatMap((override) => expiredBy(override, now)), ...deleted.values()];
}

function expiredBy({ metricCode, limit, reason, expiresAt }: LimitOverride, now: Date): LostOverride[] {
  const endedAt = instantOf(expiresAt);
  if (endedAt === undefined || endedAt > now) return [];
  return [{ metricCode, limit, reason, how: "expired", endedAt, by: undefined }];
}

/** Undefined for a change that deleted nothing, or an override that had expired before. */
function deletedBy({ before, after, createdAt, actorName }: ControlChange): LostOverride | undefined {
  const endedAt = instantOf(createdAt);
  if (before === undefined || after !== undefined || endedAt === undefined) return undefined;
  const { metricCode, limit, reason, expiresAt } = before;
  if (typeof metricCode !== "string") return undefined;
  if (typeof expiresAt === "string" && Date.parse(expiresAt) <= endedAt.getTime()) return undefined;
  return {
    metricCode,
    limit: typeof limit === "string" ? BigInt(limit) : undefined,
    reason: typeof reason === "string" ? reason : "",
    how: "deleted",
    endedAt,
    by: actorName,
  };
}
