import { instantMaxMs, instantMinMs } from "../domain/bounds.ts";
import { codeProblem, tenantIdProblem, timeZoneProblem } from "../domain/checks.ts";
import { quoted } from "../domain/echo.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import type { SubscriptionDefinition } from "../domain/subscription.ts";
import { parseTimeZone, utcTimeZone } from "../domain/time-zone.ts";
import type { Entry } from "./entry.ts";
import { readOr, type YamlPlace } from "./yaml-place.ts";

/** RFC 3339, as JSON has a google.protobuf.Timestamp. Temporal by itself takes more: "20260115T00Z[Europe/Berlin]". */
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** @param planCodes those of the file */
export function parseSubscription(place: YamlPlace, planCodes: ReadonlySet<string>): Entry<SubscriptionDefinition> {
  const fields = place.fields(["tenant_id", "plan_code"], ["time_zone", "anchor"]);
  if (fields === undefined) return { place };
  const tenantId = fields.get("tenant_id")?.text(tenantIdProblem)?.toLowerCase();
  const planCode = fields.get("plan_code")?.text((code) => codeProblem(code) ?? unknownPlanProblem(code, planCodes));
  const timeZone = readOr(fields.get("time_zone"), utcTimeZone, (zone) => zone.text(timeZoneProblem));
  const anchor = readOr(fields.get("anchor"), "", (instant) => instant.text(instantProblem));
  const isComplete = tenantId !== undefined && planCode !== undefined && timeZone !== undefined;
  return {
    place: fields.get("tenant_id") ?? place,
    identity: tenantId,
    value: isComplete ? { tenantId, planCode, ...scheduleOf(timeZone, anchor) } : undefined,
  };
}

/** Of texts that passed their checks. */
function scheduleOf(timeZoneText: string, anchorText = ""): { timeZone: string; anchor?: EpochMilliseconds } {
  const timeZone = parseTimeZone(timeZoneText) ?? utcTimeZone;
  const anchor = parseInstant(anchorText);
  return anchor === undefined ? { timeZone } : { timeZone, anchor };
}

function unknownPlanProblem(code: string, planCodes: ReadonlySet<string>): string | undefined {
  return planCodes.has(code) ? undefined : `${quoted(code)} is not a plan of this file`;
}

function instantProblem(text: string): string | undefined {
  const instant = parseInstant(text);
  if (instant !== undefined && instant >= instantMinMs && instant <= instantMaxMs) return undefined;
  return `${quoted(text)} is not an instant of the years 1970 to 9999 such as 2026-01-15T00:00:00Z`;
}

/** Digits below the millisecond are cut off, as the control plane does. */
function parseInstant(text: string): EpochMilliseconds | undefined {
  if (!instantPattern.test(text)) return undefined;
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    // The 30th of February, or an offset of 99 hours.
    return undefined;
  }
}
