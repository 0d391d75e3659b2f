import { validateUuid } from "../api/bounds.ts";
import { PageHeader } from "../components/page-header.tsx";
import { EmptyState } from "../components/states.tsx";
import { useParameters } from "../routing/location.ts";
import { TenantView } from "../tenant/tenant-view.tsx";

/** One tenant, by the id in the address. */
export function TenantPage() {
  const [parameters, change] = useParameters();
  const tenantId = (parameters["id"] ?? "").toLowerCase();
  if (tenantId === "") {
    return (
      <>
        <PageHeader title="Tenant" summary="Everything about one tenant." />
        <EmptyState title="Which tenant?">
          Enter its UUID in the box at the top (press / to go there), or follow a tenant’s id from another page.
        </EmptyState>
      </>
    );
  }
  const problem = validateUuid(tenantId);
  if (problem !== undefined) {
    return (
      <>
        <PageHeader title="Tenant" summary="Everything about one tenant." />
        <EmptyState title="The address names no tenant.">{problem}</EmptyState>
      </>
    );
  }
  return <TenantView key={tenantId} tenantId={tenantId} parameters={parameters} change={change} />;
}
