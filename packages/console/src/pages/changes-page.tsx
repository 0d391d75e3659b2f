import { skipToken, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { AdminService } from "../../../../gen/quota/v1/admin_service_pb.ts";
import type { ControlChange } from "../../../../gen/quota/v1/control_change_pb.ts";
import { OperationBadge } from "../components/badges.tsx";
import { ChangeDetails } from "../components/change-details.tsx";
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
    cell: ({ row: { original } }) => (
      <>
        {original.actorKeyId === undefined ? (
          original.actorName
        ) : (
          <PlaceLink to="changes" parameters={{ actor: original.actorKeyId }}>
            {original.actorName}
          </PlaceLink>
        )}{" "}
        <span className="muted">{roleName(original.actorRole)}</span>
      </>
    ),
  },
  { id: "operation", header: "Did", cell: ({ row }) => <OperationBadge operation={row.original.operation} /> },
  { id: "kind", header: "What", cell: ({ row }) => objectKindName(row.original.objectKind) },
  {
    id: "object",
    header: "Object",
    cell: ({ row: { original } }) => (
      <PlaceLink to="changes" parameters={{ object: original.objectId }} className="id">
        {original.objectId}
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
];

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
