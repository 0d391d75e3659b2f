import { skipToken, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { AdminService } from "../../../../gen/quota/v1/admin_service_pb.ts";
import type { UsageEvent } from "../../../../gen/quota/v1/usage_pb.ts";
import { EnforcementBadge, SourceBadge } from "../components/badges.tsx";
import { type Column, type ColumnLayout, DataTable } from "../components/data-table.tsx";
import { problemsOf } from "../components/filter-bar.tsx";
import { Icon } from "../components/icon.tsx";
import { TenantLink } from "../components/links.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { pageSizeOf } from "../components/pager.tsx";
import { TimeText } from "../components/time-text.tsx";
import { UsageBar } from "../components/usage-bar.tsx";
import { ExportDialog } from "../export/export-dialog.tsx";
import { formatDifference } from "../format/numbers.ts";
import { instantOf } from "../format/times.ts";
import { useParameters } from "../routing/location.ts";
import { EventDetails } from "./event-details.tsx";
import { eventFilters, eventsRequest } from "./events-request.ts";
import { createdPresets } from "./filters.ts";
import { ListView } from "./list-page.tsx";

const columns: readonly Column<UsageEvent>[] = [
  {
    id: "created",
    header: "Created",
    cell: ({ row: { original } }) => (
      <TimeText instant={instantOf(original.createdAt)} tenantId={original.tenantId} precision="millisecond" />
    ),
  },
  {
    id: "tenant",
    header: "Tenant",
    cell: ({ row: { original } }) => <TenantLink tenantId={original.tenantId} metricCode={original.metricCode} />,
  },
  { id: "metric", header: "Metric", cell: ({ row }) => <code>{row.original.metricCode}</code> },
  { id: "amount", header: "Amount", cell: ({ row }) => <strong>{formatDifference(row.original.amount)}</strong> },
  {
    id: "after",
    header: "Usage after, of the limit then",
    cell: ({ row: { original } }) => (
      <UsageBar
        current={original.usageAfter}
        limit={original.limit}
        label={`${original.metricCode} after this event`}
      />
    ),
  },
  {
    id: "enforcement",
    header: "Enforcement",
    cell: ({ row }) => <EnforcementBadge enforcement={row.original.enforcement} />,
  },
  { id: "source", header: "Limit from", cell: ({ row }) => <SourceBadge source={row.original.limitSource} /> },
  { id: "plan", header: "Plan", cell: ({ row }) => <code>{row.original.planCode}</code> },
];

const layout: Readonly<Record<string, ColumnLayout>> = { amount: { isNumeric: true } };

/** The trail of what was used, with what each decision rested on. */
export function EventsPage() {
  const [parameters, change] = useParameters();
  const [isExporting, setIsExporting] = useState(false);
  const hasProblem = Object.keys(problemsOf(eventFilters, parameters)).length > 0;
  const query = useQuery(
    AdminService.method.listUsageEvents,
    hasProblem
      ? skipToken
      : { ...eventsRequest(parameters), pageSize: pageSizeOf(parameters), pageToken: parameters["page"] ?? "" },
    { placeholderData: keepPreviousData },
  );
  return (
    <>
      <PageHeader
        title="Usage events"
        summary="The immutable trail: what was used, when, and under which limit it was decided."
      >
        <button type="button" className="button" disabled={hasProblem} onClick={() => setIsExporting(true)}>
          <Icon name="download" /> Export
        </button>
      </PageHeader>
      {isExporting ? <ExportDialog request={eventsRequest(parameters)} onClose={() => setIsExporting(false)} /> : null}
      <ListView
        filters={eventFilters}
        presetGroups={[createdPresets]}
        parameters={parameters}
        change={change}
        query={query}
        countOf={({ events }) => events.length}
        noun="events"
        empty="No usage event passes these filters."
      >
        {({ events }) => (
          <DataTable
            caption="Usage events"
            rows={events}
            columns={columns}
            layout={layout}
            rowKey={({ id }) => id}
            unfold={(event) => <EventDetails event={event} />}
          />
        )}
      </ListView>
    </>
  );
}
