import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { AdminService, type TenantUsage } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { EnforcementBadge, SourceBadge } from "../components/badges.tsx";
import { type Column, DataTable } from "../components/data-table.tsx";
import { FilterBar, problemsOf } from "../components/filter-bar.tsx";
import { TenantLink } from "../components/links.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { QueryView } from "../components/query-view.tsx";
import { EmptyState } from "../components/states.tsx";
import { Tile } from "../components/tile.tsx";
import { TimeText } from "../components/time-text.tsx";
import { UsageBar } from "../components/usage-bar.tsx";
import { formatCount, formatQuantity } from "../format/numbers.ts";
import { instantOf } from "../format/times.ts";
import { type ChangeParameters, useParameters } from "../routing/location.ts";
import type { Parameters } from "../routing/routes.ts";
import { sumRefusals } from "../tenant/explain-refusals.ts";
import { given, metricFilter, onlyGiven } from "./filters.ts";
import { useLastDay } from "./last-day.ts";
import { RefusalsOfTheDay } from "./refusals-of-the-day.tsx";

const shares = ["50", "80", "90", "100"] as const;
const shareDefault = "80";
const tenantsShown = 100;

/** One page of refusals by tenant, metric and hour; the busiest of a day are among so many rows, or the page says that not. */
const refusalRowsMax = 1_000;
const refusalSumsShown = 12;

const overviewFilters = [
  {
    kind: "choice" as const,
    name: "share",
    label: "Used at least",
    choices: [shareDefault, ...shares.filter((share) => share !== shareDefault)].map((share) => ({
      value: share,
      label: `${share} %`,
    })),
  },
  metricFilter,
];

/** Where support begins: who is about to be refused, and who was. */
export function OverviewPage() {
  const [parameters, change] = useParameters();
  return (
    <>
      <PageHeader title="Overview" summary="Who is near a limit, and who was refused within the last 24 hours." />
      <RefusedTenants parameters={parameters} />
      <NearLimit parameters={parameters} change={change} />
    </>
  );
}

const nearColumns: readonly Column<TenantUsage>[] = [
  {
    id: "tenant",
    header: "Tenant",
    cell: ({ row: { original } }) => (
      <TenantLink tenantId={original.tenantId} {...onlyGiven({ metricCode: original.status?.metricCode })} />
    ),
  },
  { id: "metric", header: "Metric", cell: ({ row }) => <code>{row.original.status?.metricCode}</code> },
  {
    id: "usage",
    header: "Usage of the limit",
    cell: ({ row: { original } }) =>
      original.status === undefined ? null : (
        <UsageBar
          current={original.status.current}
          limit={original.status.limit}
          label={`${original.status.metricCode} of ${original.tenantId}`}
        />
      ),
  },
  {
    id: "remaining",
    header: "Left",
    cell: ({ row: { original } }) =>
      original.status?.remaining === undefined ? null : formatCount(original.status.remaining),
  },
  {
    id: "enforcement",
    header: "Enforcement",
    cell: ({ row: { original } }) =>
      original.status === undefined ? null : <EnforcementBadge enforcement={original.status.enforcement} />,
  },
  {
    id: "source",
    header: "Limit from",
    cell: ({ row: { original } }) =>
      original.status === undefined ? null : <SourceBadge source={original.status.limitSource} />,
  },
  { id: "plan", header: "Plan", cell: ({ row }) => <code>{row.original.status?.planCode}</code> },
  {
    id: "end",
    header: "Period ends",
    cell: ({ row: { original } }) => (
      <TimeText instant={instantOf(original.status?.periodEnd)} tenantId={original.tenantId} absent="never" />
    ),
  },
];

function NearLimit({ parameters, change }: { readonly parameters: Parameters; readonly change: ChangeParameters }) {
  const problems = problemsOf(overviewFilters, parameters);
  const share = shares.find((candidate) => candidate === parameters["share"]) ?? shareDefault;
  const metricCode = problems["metric"] === undefined ? given(parameters, "metric") : undefined;
  const query = useQuery(
    AdminService.method.listTenantsNearLimit,
    {
      minPercentUsed: Number(share),
      pageSize: tenantsShown,
      pageToken: parameters["page"] ?? "",
      ...onlyGiven({ metricCode }),
    },
    { placeholderData: keepPreviousData },
  );
  return (
    <section aria-labelledby="near-title">
      <h2 id="near-title">Nearest to their limits</h2>
      <FilterBar filters={overviewFilters} parameters={parameters} change={change} />
      <QueryView query={query} skeletonLines={8} toFirstPage={() => change({ page: undefined })}>
        {({ tenants, nextPageToken }) =>
          tenants.length === 0 ? (
            <EmptyState title={`No tenant has used ${share} % of a limit.`}>
              Unlimited metrics, and tenants that used nothing in the open period, are left out.
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption="Tenants nearest to their limits"
                rows={tenants}
                columns={nearColumns}
                layout={{ remaining: { isNumeric: true } }}
                rowKey={({ tenantId, status }) => `${tenantId}/${status?.metricCode}`}
              />
              {nextPageToken === "" && (parameters["page"] ?? "") === "" ? null : (
                <nav className="pager" aria-label="Pages">
                  <span className="muted">{formatQuantity(tenants.length, "counter", "counters")} on this page</span>
                  <button
                    type="button"
                    className="button"
                    disabled={(parameters["page"] ?? "") === ""}
                    onClick={() => change({ page: undefined })}
                  >
                    First page
                  </button>
                  <button
                    type="button"
                    className="button"
                    disabled={nextPageToken === ""}
                    onClick={() => change({ page: nextPageToken })}
                  >
                    Next page
                  </button>
                </nav>
              )}
            </>
          )
        }
      </QueryView>
    </section>
  );
}

function RefusedTenants({ parameters }: { readonly parameters: Parameters }) {
  const day = useLastDay();
  const metricCode = metricFilter.kind === "text" ? validMetric(parameters) : undefined;
  const query = useQuery(
    AdminService.method.listRefusals,
    { hourFrom: timestampFromDate(day.from), pageSize: refusalRowsMax, ...onlyGiven({ metricCode }) },
    { placeholderData: keepPreviousData },
  );
  return (
    <section aria-labelledby="refused-title">
      <h2 id="refused-title">Refused within the last 24 hours</h2>
      <QueryView query={query} skeletonLines={5}>
        {({ refusals, nextPageToken }) => {
          if (refusals.length === 0) {
            return (
              <EmptyState title="Nothing was refused.">No HARD limit turned a use away since yesterday.</EmptyState>
            );
          }
          const sums = sumRefusals(refusals);
          const total = sums.reduce((sum, { count }) => sum + count, 0n);
          const tenants = new Set(sums.map(({ tenantId }) => tenantId)).size;
          return (
            <>
              {nextPageToken === "" ? null : (
                <p className="notice">
                  There are more refusals than one look can hold: these are the latest {formatCount(refusals.length)}{" "}
                  rows.
                </p>
              )}
              <div className="day">
                <div className="tiles">
                  <Tile label="Uses refused" value={formatCount(total)} />
                  <Tile label="Tenants refused" value={formatCount(tenants)} />
                  <RefusalsOfTheDay refusals={refusals} day={day} />
                </div>
                <ol className="refused">
                  {sums.slice(0, refusalSumsShown).map(({ tenantId, metricCode: metric, count, last }) => (
                    <li key={`${tenantId}/${metric}`} className="refused-item">
                      <TenantLink tenantId={tenantId} metricCode={metric} />
                      <span className="refused-why">
                        <code>{metric}</code> asked for <strong>{formatCount(last.lastRequested)}</strong> with{" "}
                        {formatCount(last.lastCurrent)} of {formatCount(last.lastLimit)} used
                      </span>
                      <span className="refused-count">{formatCount(count)} ×</span>
                    </li>
                  ))}
                </ol>
              </div>
              {sums.length > refusalSumsShown ? (
                <p className="muted">
                  And {formatQuantity(sums.length - refusalSumsShown, "other counter", "other counters")} of tenants
                  that were refused less often; a metric in the filter below narrows the list.
                </p>
              ) : null}
            </>
          );
        }}
      </QueryView>
    </section>
  );
}

function validMetric(parameters: Parameters): string | undefined {
  return problemsOf([metricFilter], parameters)["metric"] === undefined ? given(parameters, "metric") : undefined;
}
