import type { LimitOverride } from "../../../../gen/quota/v1/subscription_pb.ts";
import type { QuotaStatus } from "../../../../gen/quota/v1/usage_pb.ts";
import { EnforcementBadge } from "../components/badges.tsx";
import { type Column, DataTable } from "../components/data-table.tsx";
import { TimeText } from "../components/time-text.tsx";
import { formatLimit } from "../format/numbers.ts";
import { instantOf } from "../format/times.ts";

/** The tenant's own limits, expired ones included: they explain what was decided before. */
export function TenantOverrides({
  overrides,
  statuses,
  tenantId,
}: {
  readonly overrides: readonly LimitOverride[];
  readonly statuses: readonly QuotaStatus[];
  readonly tenantId: string;
}) {
  const columns: readonly Column<LimitOverride>[] = [
    { id: "metric", header: "Metric", cell: ({ row }) => <code>{row.original.metricCode}</code> },
    { id: "limit", header: "Limit", cell: ({ row }) => <strong>{formatLimit(row.original.limit)}</strong> },
    {
      id: "enforcement",
      header: "Enforcement",
      cell: ({ row }) => <EnforcementBadge enforcement={row.original.enforcement} />,
    },
    { id: "state", header: "State", cell: ({ row }) => <State override={row.original} statuses={statuses} /> },
    { id: "reason", header: "Reason", cell: ({ row }) => row.original.reason || <span className="muted">none</span> },
    {
      id: "expires",
      header: "Expires",
      cell: ({ row: { original } }) => <TimeText instant={instantOf(original.expiresAt)} tenantId={tenantId} />,
    },
    {
      id: "updated",
      header: "Last changed",
      cell: ({ row: { original } }) => <TimeText instant={instantOf(original.updatedAt)} tenantId={tenantId} />,
    },
  ];
  return (
    <section aria-labelledby="overrides-title">
      <h2 id="overrides-title">Overrides</h2>
      {overrides.length === 0 ? (
        <p className="muted">None: the plan’s limits hold.</p>
      ) : (
        <DataTable
          caption="Overrides of the plan's limits"
          rows={overrides}
          columns={columns}
          layout={{ limit: { isNumeric: true } }}
          rowKey={({ metricCode }) => metricCode}
        />
      )}
    </section>
  );
}

function State({
  override,
  statuses,
}: {
  readonly override: LimitOverride;
  readonly statuses: readonly QuotaStatus[];
}) {
  const expiresAt = instantOf(override.expiresAt);
  if (expiresAt !== undefined && expiresAt.getTime() <= Date.now()) {
    return <span className="badge badge-neutral">expired</span>;
  }
  if (!statuses.some(({ metricCode }) => metricCode === override.metricCode)) {
    return (
      <span className="badge badge-neutral" title="The plan lacks the metric; the override waits until it has it">
        waiting
      </span>
    );
  }
  return <span className="badge badge-accent">in force</span>;
}
