import { skipToken, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { AdminService } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { PeriodKind, type UsageRecord } from "../../../../gen/quota/v1/usage_pb.ts";
import { type Column, type ColumnLayout, DataTable } from "../components/data-table.tsx";
import { problemsOf } from "../components/filter-bar.tsx";
import { PlaceLink, TenantLink } from "../components/links.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { TimeText } from "../components/time-text.tsx";
import { periodKindNames } from "../format/names.ts";
import { formatCount } from "../format/numbers.ts";
import { instantOf } from "../format/times.ts";
import { useParameters } from "../routing/location.ts";
import { createdPresets, periodEndPresets } from "./filters.ts";
import { ListView } from "./list-page.tsx";
import { recordFilters, recordOrderDefault, recordsRequest } from "./records-request.ts";

const columns: readonly Column<UsageRecord>[] = [
  {
    id: "tenant",
    header: "Tenant",
    cell: ({ row }) => <TenantLink tenantId={row.original.tenantId} metricCode={row.original.metricCode} />,
  },
  { id: "metric", header: "Metric", cell: ({ row }) => <code>{row.original.metricCode}</code> },
  {
    id: "usage",
    header: "Current usage",
    cell: ({ row }) => <strong>{formatCount(row.original.currentUsage)}</strong>,
  },
  { id: "events", header: "Events", cell: ({ row }) => <EventsLink record={row.original} /> },
  { id: "kind", header: "Period", cell: ({ row }) => periodKindNames[row.original.periodKind] },
  {
    id: "start",
    header: "Period start",
    cell: ({ row: { original } }) => (
      <TimeText instant={instantOf(original.periodStart)} tenantId={original.tenantId} absent="no start" />
    ),
  },
  {
    id: "end",
    header: "Period end",
    cell: ({ row: { original } }) => (
      <TimeText instant={instantOf(original.periodEnd)} tenantId={original.tenantId} absent="never ends" />
    ),
  },
  {
    id: "last",
    header: "Last event",
    cell: ({ row: { original } }) => (
      <TimeText instant={instantOf(original.lastEventAt)} tenantId={original.tenantId} />
    ),
  },
  {
    id: "created",
    header: "Opened",
    cell: ({ row: { original } }) => <TimeText instant={instantOf(original.createdAt)} tenantId={original.tenantId} />,
  },
];

const layout: Readonly<Record<string, ColumnLayout>> = {
  usage: {
    isNumeric: true,
    sort: { ascending: "usage-lowest", descending: "usage-highest", name: "current usage" },
  },
  events: { isNumeric: true },
  end: { sort: { ascending: "period-end-earliest", descending: "period-end-latest", name: "the end of the period" } },
  created: { sort: { ascending: "oldest", descending: "newest", name: "when the record was opened" } },
};

/** The number of events, leading to exactly those. */
function EventsLink({ record }: { readonly record: UsageRecord }) {
  const { tenantId, metricCode, periodKind } = record;
  const isLifetime = periodKind === PeriodKind.LIFETIME;
  const from = isLifetime ? undefined : instantOf(record.periodStart)?.toISOString();
  const before = isLifetime ? undefined : instantOf(record.periodEnd)?.toISOString();
  return (
    <PlaceLink to="events" parameters={{ tenant: tenantId, metric: metricCode, from, before }}>
      {formatCount(record.lastSequence)}
    </PlaceLink>
  );
}

/** Every counter, of every tenant and period. */
export function RecordsPage() {
  const [parameters, change] = useParameters();
  const hasProblem = Object.keys(problemsOf(recordFilters, parameters)).length > 0;
  const query = useQuery(AdminService.method.listUsageRecords, hasProblem ? skipToken : recordsRequest(parameters), {
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <PageHeader title="Usage records" summary="Counters: the usage of one tenant and metric in one period." />
      <ListView
        filters={recordFilters}
        presetGroups={[periodEndPresets, createdPresets]}
        parameters={parameters}
        change={change}
        query={query}
        countOf={({ records }) => records.length}
        noun="records"
        empty="No usage record passes these filters."
      >
        {({ records }) => (
          <DataTable
            caption="Usage records"
            rows={records}
            columns={columns}
            layout={layout}
            rowKey={({ id }) => id}
            order={parameters["order"] ?? recordOrderDefault}
            onOrder={(order) => change({ order: order === recordOrderDefault ? undefined : order, page: undefined })}
          />
        )}
      </ListView>
    </>
  );
}
