import type { QuotaStatus } from "../../../../gen/quota/v1/usage_pb.ts";
import { EnforcementBadge, SourceBadge } from "../components/badges.tsx";
import { type Column, DataTable } from "../components/data-table.tsx";
import { TimeText } from "../components/time-text.tsx";
import { UsageBar } from "../components/usage-bar.tsx";
import { periodKindNames } from "../format/names.ts";
import { formatLimit } from "../format/numbers.ts";
import { instantOf } from "../format/times.ts";

/** How the tenant stands with every metric of its plan. */
export function TenantMetrics({
  statuses,
  chosen,
  tenantId,
  onMetric,
}: {
  readonly statuses: readonly QuotaStatus[];
  readonly chosen: string | undefined;
  readonly tenantId: string;
  readonly onMetric: (metricCode: string) => void;
}) {
  const columns: readonly Column<QuotaStatus>[] = [
    {
      id: "metric",
      header: "Metric",
      cell: ({ row: { original } }) => (
        <button
          type="button"
          className="link"
          aria-pressed={original.metricCode === chosen}
          onClick={() => onMetric(original.metricCode)}
        >
          <code>{original.metricCode}</code>
        </button>
      ),
    },
    {
      id: "usage",
      header: "Usage of the limit",
      cell: ({ row: { original } }) => (
        <UsageBar current={original.current} limit={original.limit} label={original.metricCode} />
      ),
    },
    { id: "left", header: "Left", cell: ({ row }) => formatLimit(row.original.remaining) },
    {
      id: "enforcement",
      header: "Enforcement",
      cell: ({ row }) => <EnforcementBadge enforcement={row.original.enforcement} />,
    },
    { id: "source", header: "Limit from", cell: ({ row }) => <SourceBadge source={row.original.limitSource} /> },
    { id: "kind", header: "Period", cell: ({ row }) => periodKindNames[row.original.periodKind] },
    {
      id: "start",
      header: "Began",
      cell: ({ row: { original } }) => (
        <TimeText instant={instantOf(original.periodStart)} tenantId={tenantId} absent="no start" />
      ),
    },
    {
      id: "end",
      header: "Ends",
      cell: ({ row: { original } }) => (
        <TimeText instant={instantOf(original.periodEnd)} tenantId={tenantId} absent="never" />
      ),
    },
  ];
  return (
    <section aria-labelledby="metrics-title">
      <h2 id="metrics-title">Where it stands</h2>
      <DataTable
        caption="Every metric of the plan"
        rows={statuses}
        columns={columns}
        layout={{ left: { isNumeric: true } }}
        rowKey={({ metricCode }) => metricCode}
      />
    </section>
  );
}
