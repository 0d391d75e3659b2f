import type { ReactNode } from "react";
import { basePath, followInPlace } from "../routing/location.ts";
import { addressOf, type Parameters, type RouteName } from "../routing/routes.ts";

/** A link to a page of the console. */
export function PlaceLink({
  to,
  parameters = {},
  className,
  isCurrent = false,
  children,
}: {
  readonly to: RouteName;
  readonly parameters?: Parameters;
  readonly className?: string;
  readonly isCurrent?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <a
      href={addressOf(to, parameters, basePath)}
      className={className}
      aria-current={isCurrent ? "page" : undefined}
      onClick={followInPlace}
    >
      {children}
    </a>
  );
}

/** A tenant's id, whole where there is room, leading to its page. */
export function TenantLink({ tenantId, metricCode }: { readonly tenantId: string; readonly metricCode?: string }) {
  return (
    <PlaceLink to="tenant" parameters={{ id: tenantId, metric: metricCode }} className="id">
      {tenantId}
    </PlaceLink>
  );
}
