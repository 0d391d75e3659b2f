import { skipToken, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { AdminService } from "../../../../gen/quota/v1/admin_service_pb.ts";
import type { ControlChange } from "../../../../gen/quota/v1/control_change_pb.ts";
import { OperationBadge } from "../components/badges.tsx";
import { ChangeDetails } from "../components/change-details.tsx";
import { ChangeSummary } from "../components/change-summary.tsx";
import { type Column, DataTable } from "../components/data-table.tsx";
import { problemsOf } from "../components/filter-bar.tsx";
import { PlaceLink, TenantLink } from "../components/links.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { TimeText } from "../components/time-text.tsx";
import { objectKindName, roleName } from "../format/names.ts";
import { instantOf } from "../format/times.ts";
import { useParameters } from "../routing/location.ts";
import { changeFilters, changesRequest } from "./changes-request.ts";
import { createdPresets } from "./filters.ts";
import { ListView } from "./list-page.tsx";

const columns: readonly Column<ControlChange>[] = [
  {
    id: "created",
    header: "When",
    cell: ({ row: { original } }) => (
      <TimeText instant={instantOf(original.createdAt)} tenantId={original.tenantId} precision="second" />
    ),
  },
  {
    id: "actor",
    header: "Who",
    cell: ({ row: { original } }) => <Actor change={original} />,
  },
  { id: "operation", header: "Did", cell: ({ row }) => <OperationBadge operation={row.original.operation} /> },
  {
    id: "kind",
    header: "What",
    cell: ({ row }) => <span className="one-line">{objectKindName(row.original.objectKind)}</span>,
  },
  {
    id: "object",
    header: "Object",
    cell: ({ row: { original } }) => (
      <PlaceLink to="changes" parameters={{ object: original.objectId }} className="id">
        {objectNameOf(original)}
      </PlaceLink>
    ),
  },
  {
    id: "tenant",
    header: "Tenant",
    cell: ({ row: { original } }) =>
      original.tenantId === undefined ? (
        <span className="muted">none</span>
      ) : (
        <TenantLink tenantId={original.tenantId} />
      ),
  },
  { id: "change", header: "Change", cell: ({ row }) => <ChangeSummary change={row.original} /> },
];

/** With a key, its role says what it may do, and its name leads to all that was done with it. */
function Actor({ change }: { readonly change: ControlChange }) {
  if (change.actorKeyId === undefined) return change.actorName;
  return (
    <>
      <PlaceLink to="changes" parameters={{ actor: change.actorKeyId }} className="one-line">
        {change.actorName}
      </PlaceLink>{" "}
      <span className="muted">{roleName(change.actorRole)}</span>
    </>
  );
}

/** The object's id without the tenant, which has a column of its own. */
function objectNameOf({ objectId, tenantId }: ControlChange): string {
  if (tenantId === undefined) return objectId;
  return objectId === tenantId ? "the tenant's own" : objectId.replace(`${tenantId}/`, "");
}

/** Who changed which plan, subscription, override or key. */
export function ChangesPage() {
  const [parameters, change] = useParameters();
  const hasProblem = Object.keys(problemsOf(changeFilters, parameters)).length > 0;
  const query = useQuery(AdminService.method.listChanges, hasProblem ? skipToken : changesRequest(parameters), {
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <PageHeader
        title="Changes"
        summary="Who changed which plan, subscription, override or key, and from what to what."
      />
      <ListView
        filters={changeFilters}
        presetGroups={[createdPresets]}
        parameters={parameters}
        change={change}
        query={query}
        countOf={({ changes }) => changes.length}
        noun="changes"
        empty="No change passes these filters."
      >
        {({ changes }) => (
          <DataTable
            caption="Changes of the control plane"
            rows={changes}
            columns={columns}
            layout={{}}
            rowKey={({ id }) => id}
            unfold={(entry) => <ChangeDetails change={entry} />}
          />
        )}
      </ListView>
    </>
  );
}
