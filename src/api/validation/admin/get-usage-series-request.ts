import { type GetUsageSeriesRequest, SeriesWindowSchema } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { seriesWindowsMax } from "../../../domain/bounds.ts";
import { timeZoneProblem } from "../../../domain/checks.ts";
import type { CounterKey } from "../../../domain/counter-key.ts";
import { type SeriesWindow, type SeriesWindowKind, seriesWindows } from "../../../domain/series-window.ts";
import { parseTimeZone } from "../../../domain/time-zone.ts";
import { seriesWindowKindsByNumber } from "../../mapping/enums.ts";
import { readCode, readTenantId } from "../common-fields.ts";
import { readEnum } from "../enum-fields.ts";
import { FieldViolations } from "../field-violations.ts";
import { isBefore, readInstant } from "../instants.ts";

export interface UsageSeriesQuestion {
  readonly key: CounterKey;
  readonly windows: readonly SeriesWindow[];
}

/** @throws InvalidRequestError naming every bad field */
export function usageSeriesQuestionOf(request: GetUsageSeriesRequest): UsageSeriesQuestion {
  const violations = new FieldViolations();
  const tenantId = readTenantId(violations, "tenant_id", request.tenantId);
  const metricCode = readCode(violations, "metric_code", request.metricCode);
  const kind = readEnum(violations, "window", SeriesWindowSchema, seriesWindowKindsByNumber, request.window);
  violations.add("time_zone", timeZoneProblem(request.timeZone));
  const timeZone = parseTimeZone(request.timeZone);
  const windows = readWindows(violations, request, kind, timeZone);
  violations.throwIfAny();
  return { key: { tenantId, metricCode }, windows };
}

function readWindows(
  violations: FieldViolations,
  { createdFrom, createdBefore }: GetUsageSeriesRequest,
  kind: SeriesWindowKind | undefined,
  timeZone: string | undefined,
): readonly SeriesWindow[] {
  if (createdFrom === undefined) violations.add("created_from", "is required");
  if (createdBefore === undefined) violations.add("created_before", "is required");
  const from = readInstant(violations, "created_from", createdFrom);
  const before = readInstant(violations, "created_before", createdBefore);
  if (createdFrom === undefined || createdBefore === undefined || from === undefined || before === undefined) return [];
  if (!isBefore(createdFrom, createdBefore)) {
    violations.add("created_before", "is not later than created_from, so that the series would be empty");
    return [];
  }
  if (kind === undefined || timeZone === undefined) return [];
  // Two instants within one millisecond are one here; the window that contains it is asked for.
  const windows = seriesWindows({ kind, timeZone, from, before: Math.max(before, from + 1) }, seriesWindowsMax);
  if (windows === undefined) {
    violations.add("created_before", `is more than ${seriesWindowsMax} windows (${kind}) after created_from`);
  }
  return windows ?? [];
}
