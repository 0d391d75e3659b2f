import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { AdminService, UsageRecordOrder } from "../../../../gen/quota/v1/admin_service_pb.ts";
import {
  PeriodKind,
  type QuotaStatus,
  type UsageRecord,
  type UsageRefusal,
} from "../../../../gen/quota/v1/usage_pb.ts";
import { UsageChart } from "../chart/usage-chart.tsx";
import { chartSpanOf, usageCurveOf } from "../chart/usage-curve.ts";
import { QueryView } from "../components/query-view.tsx";
import { useShownZone } from "../components/time-zones.tsx";
import { periodKindNames } from "../format/names.ts";
import { formatInstant, instantOf } from "../format/times.ts";

const periodsOffered = 24;

/** The counter over its period, with the limit as a line and refusals as marks. Earlier periods can be chosen. */
export function UsageOverPeriod({
  tenantId,
  status,
  timeZone,
  isAnchored,
  refusals,
  period,
  onPeriod,
}: {
  readonly tenantId: string;
  readonly status: QuotaStatus;
  readonly timeZone: string;
  readonly isAnchored: boolean;
  readonly refusals: readonly UsageRefusal[];
  /** The start of the period to show; the open one when it is absent or unknown. */
  readonly period: string | undefined;
  readonly onPeriod: (period: string | undefined) => void;
}) {
  const { metricCode } = status;
  const zone = useShownZone(tenantId);
  const [now] = useState(() => new Date());
  const earlier = useEarlierPeriods(tenantId, status);
  const shown = earlier.find(({ periodStart }) => instantOf(periodStart)?.toISOString() === period);
  const bounds = shown ?? status;
  const span = useMemo(
    () => chartSpanOf(status.periodKind, instantOf(bounds.periodStart), instantOf(bounds.periodEnd), now, isAnchored),
    [status.periodKind, bounds, now, isAnchored],
  );
  const query = useQuery(
    AdminService.method.getUsageSeries,
    {
      tenantId,
      metricCode,
      createdFrom: timestampFromDate(span.from),
      createdBefore: timestampFromDate(span.until),
      window: span.window,
      timeZone,
    },
    { placeholderData: keepPreviousData },
  );
  const kind = periodKindNames[status.periodKind];
  return (
    <section aria-labelledby="chart-title" className="card chart-card">
      <div className="chart-head">
        <h2 id="chart-title">
          <code>{metricCode}</code> {span.isOnePeriod ? `over the ${kind}` : "hour by hour"}
        </h2>
        {earlier.length === 0 || status.periodKind === PeriodKind.LIFETIME ? null : (
          <label className="pager-size">
            <span>Period</span>
            <select
              value={shown === undefined ? "" : period}
              onChange={(event) => onPeriod(event.target.value || undefined)}
            >
              <option value="">the open one</option>
              {earlier.map(({ id, periodStart }) => (
                <option key={id} value={instantOf(periodStart)?.toISOString() ?? ""}>
                  from {formatInstant(instantOf(periodStart) ?? now, zone, "minute")}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <QueryView query={query} skeletonLines={8}>
        {(series) => {
          const curve = usageCurveOf(series.points, span, now, shown === undefined ? status : undefined);
          return (
            <UsageChart
              metricCode={metricCode}
              curve={curve}
              span={span}
              zone={zone}
              refusals={refusals.filter((refusal) => refusal.metricCode === metricCode)}
            />
          );
        }}
      </QueryView>
    </section>
  );
}

/** The periods before the open one that have a counter, the latest first. */
function useEarlierPeriods(tenantId: string, status: QuotaStatus): readonly UsageRecord[] {
  const { data } = useQuery(AdminService.method.listUsageRecords, {
    tenantId,
    metricCode: status.metricCode,
    order: UsageRecordOrder.PERIOD_END_LATEST_FIRST,
    pageSize: periodsOffered,
  });
  const openStart = instantOf(status.periodStart)?.getTime();
  return (data?.records ?? []).filter(
    ({ periodKind, periodStart }) =>
      periodKind === status.periodKind && instantOf(periodStart)?.getTime() !== openStart,
  );
}
