import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { PlanService } from "../../../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../../../gen/quota/v1/subscription_service_pb.ts";
import { LimitEnforcement, PeriodKind } from "../../../../gen/quota/v1/usage_pb.ts";

/** The demo tenant of examples/plans.yaml: starter plan, Europe/Berlin. It is refused. */
export const refusedTenant = "11111111-1111-4111-8111-111111111111";
/** Has an override, and a counter for each kind of period. */
export const busyTenant = "22222222-2222-4222-8222-222222222222";
/** Has no subscription, and there is no default plan. */
export const strayTenant = "33333333-3333-4333-8333-333333333333";

/** Events of the refused tenant's api_calls: more than a page of 25 or 50, and one over the SOFT limit of 1,000. */
export const apiCallEvents = 60;
/** A text that a spreadsheet would run, and markup that a browser would. */
export const hostileKey = "=HYPERLINK(1)";
export const hostileText = "<img src=x onerror=alert(1)>";

/** Brings a service from empty to what the tests look at, through its API. */
export async function seed(transport: Transport): Promise<void> {
  const plans = createClient(PlanService, transport);
  const subscriptions = createClient(SubscriptionService, transport);
  const quota = createClient(QuotaService, transport);

  await plans.createPlan({
    plan: {
      code: "lab",
      displayName: "Laboratory",
      limits: [
        { metricCode: "per_hour", limit: 100n, enforcement: LimitEnforcement.HARD, periodKind: PeriodKind.HOUR },
        { metricCode: "per_week", limit: 100n, enforcement: LimitEnforcement.HARD, periodKind: PeriodKind.WEEK },
        { metricCode: "per_year", limit: 100n, enforcement: LimitEnforcement.SOFT, periodKind: PeriodKind.YEAR },
        {
          metricCode: "for_ever",
          limit: 9_007_199_254_740_991n,
          enforcement: LimitEnforcement.HARD,
          periodKind: PeriodKind.LIFETIME,
        },
      ],
    },
  });
  const { plan } = await plans.getPlan({ code: "lab" });
  if (plan === undefined) throw new Error("the plan was not created");
  await plans.updatePlan({ plan: { ...plan, displayName: "Lab" } });
  await subscriptions.putSubscription({
    subscription: { tenantId: busyTenant, planCode: "lab", timeZone: "Asia/Tokyo" },
  });
  await subscriptions.putLimitOverride({
    override: { tenantId: busyTenant, metricCode: "per_week", limit: 40n, reason: "agreed by phone" },
  });
  for (const [index, metricCode] of ["per_hour", "per_week", "per_year", "for_ever"].entries()) {
    await quota.recordUsage({ tenantId: busyTenant, metricCode, amount: BigInt(10 * (index + 1)) });
  }

  await quota.recordUsage({
    tenantId: refusedTenant,
    metricCode: "tracked_products",
    amount: 42n,
    idempotencyKey: hostileKey,
    metadata: { source: "import-7", note: hostileText, rows: [1, 2.5, null] },
  });
  await expectRefusal(quota.recordUsage({ tenantId: refusedTenant, metricCode: "tracked_products", amount: 10n }));
  await expectRefusal(quota.recordUsage({ tenantId: refusedTenant, metricCode: "exports", amount: 11n }));
  for (let index = 0; index < apiCallEvents; index += 1) {
    await quota.recordUsage({
      tenantId: refusedTenant,
      metricCode: "api_calls",
      amount: 17n,
      idempotencyKey: `call-${index}`,
    });
  }
}

async function expectRefusal(call: Promise<unknown>): Promise<void> {
  const code = await call.then(
    () => undefined,
    (thrown: unknown) => ConnectError.from(thrown).code,
  );
  if (code !== Code.ResourceExhausted) throw new Error("the seed needs a refusal here");
}
