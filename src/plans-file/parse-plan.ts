import { displayNameLengthMax, planLimitsMax } from "../domain/bounds.ts";
import { codeProblem, countProblem, limitChoiceProblem, textProblem } from "../domain/checks.ts";
import { limitEnforcements } from "../domain/limit-enforcement.ts";
import { periodKinds } from "../domain/period-kind.ts";
import { type PlanDefinition, sortLimits } from "../domain/plan.ts";
import type { QuotaLimit } from "../domain/quota-limit.ts";
import { type Entry, reportRepeats, valuesOf } from "./entry.ts";
import { readOr, type YamlPlace } from "./yaml-place.ts";

export interface PlanEntry extends Entry<PlanDefinition> {
  /** Where the plan says that it is the default. */
  readonly defaultPlace?: YamlPlace | undefined;
}

export function parsePlan(place: YamlPlace): PlanEntry {
  const fields = place.fields(["code", "limits"], ["display_name", "is_default"]);
  if (fields === undefined) return { place };
  const identity = fields.get("code")?.text(codeProblem);
  const displayName = readOr(fields.get("display_name"), "", (name) => name.text(displayNameProblem));
  const isDefault = readOr(fields.get("is_default"), false, (flag) => flag.boolean());
  const limits = parseLimits(fields.get("limits"));
  const isComplete = identity !== undefined && displayName !== undefined && isDefault !== undefined;
  return {
    place: fields.get("code") ?? place,
    identity,
    defaultPlace: isDefault === true ? fields.get("is_default") : undefined,
    value: isComplete && limits !== undefined ? { code: identity, displayName, isDefault, limits } : undefined,
  };
}

function parseLimits(place: YamlPlace | undefined): QuotaLimit[] | undefined {
  const items = place?.items();
  if (place === undefined || items === undefined) return undefined;
  const problem = countProblem(items.length, planLimitsMax);
  if (problem !== undefined) place.report(problem);
  const entries = items.map(parseLimit);
  reportRepeats(entries);
  return sortLimits(valuesOf(entries));
}

function parseLimit(place: YamlPlace): Entry<QuotaLimit> {
  const fields = place.fields(["metric_code", "enforcement"], ["limit", "unlimited", "period_kind"]);
  if (fields === undefined) return { place };
  const identity = fields.get("metric_code")?.text(codeProblem);
  const limit = parseLimitChoice(place, fields);
  const enforcement = fields.get("enforcement")?.choice(limitEnforcements);
  const periodKind = readOr(fields.get("period_kind"), "MONTH", (kind) => kind.choice(periodKinds));
  const isComplete = identity !== undefined && limit !== undefined && enforcement !== undefined;
  return {
    place: fields.get("metric_code") ?? place,
    identity,
    value:
      isComplete && periodKind !== undefined ? { metricCode: identity, limit, enforcement, periodKind } : undefined,
  };
}

/** `null` is unlimited, undefined refused. */
function parseLimitChoice(place: YamlPlace, fields: ReadonlyMap<string, YamlPlace>): bigint | null | undefined {
  const limitPlace = fields.get("limit");
  const limit = limitPlace?.integer();
  const unlimited = readOr(fields.get("unlimited"), false, (flag) => flag.boolean());
  const isRefusedAlready = unlimited === undefined || (limitPlace !== undefined && limit === undefined);
  if (isRefusedAlready) return undefined;
  const problem = limitChoiceProblem(limit, unlimited);
  if (problem === undefined) return limit ?? null;
  (limitPlace ?? place.missing("limit")).report(problem);
  return undefined;
}

function displayNameProblem(text: string): string | undefined {
  return textProblem(text, displayNameLengthMax);
}
