import { failureOf } from "../api/failure.ts";
import { FailurePanel } from "../components/failure-panel.tsx";
import { PlaceLink } from "../components/links.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { Skeleton } from "../components/states.tsx";
import type { ChangeParameters } from "../routing/location.ts";
import type { Parameters } from "../routing/routes.ts";
import { lostOverridesOf } from "./lost-overrides.ts";
import { RefusalExplanations } from "./refusal-explanations.tsx";
import { TenantChanges } from "./tenant-changes.tsx";
import { TenantMetrics } from "./tenant-metrics.tsx";
import { TenantOverrides } from "./tenant-overrides.tsx";
import { TenantPlan } from "./tenant-plan.tsx";
import { UsageOverPeriod } from "./usage-over-period.tsx";
import { useTenant } from "./use-tenant.ts";

/** A tenant from the question that support gets, "why was it refused?", down to the trail of who changed what. */
export function TenantView({
  tenantId,
  parameters,
  change,
}: {
  readonly tenantId: string;
  readonly parameters: Parameters;
  readonly change: ChangeParameters;
}) {
  const tenant = useTenant(tenantId);
  const { subscription, statuses, overrides, overrideChanges, refusals } = tenant;
  const chosen =
    statuses?.find(({ metricCode }) => metricCode === parameters["metric"]) ??
    statuses?.find(({ metricCode }) => metricCode === refusals?.refusals[0]?.metricCode) ??
    statuses?.[0];
  return (
    <>
      <PageHeader title="Tenant" summary={<code className="id">{tenantId}</code>}>
        <PlaceLink to="events" parameters={{ tenant: tenantId }} className="button">
          Events
        </PlaceLink>
        <PlaceLink to="records" parameters={{ tenant: tenantId }} className="button">
          Records
        </PlaceLink>
      </PageHeader>
      {tenant.error === undefined ? null : <FailurePanel failure={failureOf(tenant.error)} onRetry={tenant.refetch} />}
      <TenantPlan tenant={tenant} tenantId={tenantId} />
      {statuses === undefined || overrides === undefined || overrideChanges === undefined || refusals === undefined ? (
        tenant.error === undefined ? (
          <Skeleton lines={10} />
        ) : null
      ) : (
        <>
          <RefusalExplanations
            tenantId={tenantId}
            refusals={refusals}
            statuses={statuses}
            overrides={overrides}
            lost={lostOverridesOf(overrides, overrideChanges, new Date())}
            onMetric={(metric) => change({ metric, period: undefined })}
          />
          {statuses === null ? null : (
            <TenantMetrics
              statuses={statuses}
              chosen={chosen?.metricCode}
              tenantId={tenantId}
              onMetric={(metric) => change({ metric, period: undefined })}
            />
          )}
          {chosen === undefined ? null : (
            <UsageOverPeriod
              key={chosen.metricCode}
              tenantId={tenantId}
              status={chosen}
              timeZone={subscription?.timeZone ?? ""}
              isAnchored={subscription?.anchor !== undefined}
              refusals={refusals.refusals}
              period={parameters["period"]}
              onPeriod={(period) => change({ period })}
            />
          )}
          <TenantOverrides overrides={overrides} statuses={statuses ?? []} tenantId={tenantId} />
        </>
      )}
      <TenantChanges tenantId={tenantId} />
    </>
  );
}
