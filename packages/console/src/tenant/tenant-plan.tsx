import { Facts, type FactsByName } from "../components/facts.tsx";
import { PlaceLink } from "../components/links.tsx";
import { TimeText } from "../components/time-text.tsx";
import { instantOf } from "../format/times.ts";
import type { TenantFacts } from "./use-tenant.ts";

/** Which plan holds, and how periods are cut. */
export function TenantPlan({ tenant, tenantId }: { readonly tenant: TenantFacts; readonly tenantId: string }) {
  const { subscription, statuses, plan } = tenant;
  if (subscription === undefined) return null;
  const facts: FactsByName = {
    Plan: planText(tenant),
    Subscription: subscription === null ? "none" : <Since tenant={tenant} tenantId={tenantId} />,
    "Time zone": subscription === null ? "UTC, for want of a subscription" : subscription.timeZone || "UTC",
    Periods:
      subscription?.anchor === undefined ? (
        "by the calendar"
      ) : (
        <>
          counted from <TimeText instant={instantOf(subscription.anchor)} tenantId={tenantId} />
        </>
      ),
    Metrics: statuses === null || statuses === undefined ? "none" : String(statuses.length),
    "Plan revision":
      plan === undefined ? (
        "none"
      ) : (
        <PlaceLink to="changes" parameters={{ object: plan.code, kind: "plan" }}>
          {String(plan.revision)}
        </PlaceLink>
      ),
  };
  return (
    <section className="card" aria-label="Plan and subscription">
      <Facts facts={facts} />
    </section>
  );
}

function planText({ subscription, plan }: TenantFacts) {
  if (plan === undefined) return "none";
  return (
    <>
      <strong>{plan.displayName === "" ? plan.code : plan.displayName}</strong> <code>{plan.code}</code>
      {subscription === null ? <span className="muted"> the default plan</span> : null}
    </>
  );
}

function Since({ tenant, tenantId }: { readonly tenant: TenantFacts; readonly tenantId: string }) {
  return (
    <>
      since <TimeText instant={instantOf(tenant.subscription?.createdAt)} tenantId={tenantId} precision="day" />
    </>
  );
}
