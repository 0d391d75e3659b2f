import { hard, newPlan, subscribe } from "../rules/fixtures.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import type { TestApp } from "../support/test-app.ts";

export const tenantTableNames = [
  "quota_subscription",
  "quota_limit_override",
  "quota_usage_record",
  "quota_usage_event",
  "quota_usage_refusal",
];

/** Two tenants on one plan, metric and idempotency key, each with amounts by which its rows can be told. */
export interface TwoTenants {
  readonly own: string;
  readonly foreign: string;
  readonly metricCode: string;
  readonly idempotencyKey: string;
}

export const [ownAmount, foreignAmount] = [3n, 40n];

export async function twoTenants(app: TestApp): Promise<TwoTenants> {
  const metricCode = aCode("metric");
  const planCode = await newPlan(app, hard(metricCode, 100n));
  const [own, foreign] = [aTenant(), aTenant()];
  const idempotencyKey = aCode("key");
  for (const [tenantId, amount] of [
    [own, ownAmount],
    [foreign, foreignAmount],
  ] as const) {
    await subscribe(app, tenantId, planCode);
    const override = { tenantId, metricCode, limit: 100n + amount, reason: "told apart by its limit" };
    await app.subscriptions.putLimitOverride({ override });
    await app.quota.recordUsage({ tenantId, metricCode, amount, idempotencyKey });
    await refusalOfCall(app.quota.recordUsage({ tenantId, metricCode, amount: 1_000n }));
  }
  return { own, foreign, metricCode, idempotencyKey };
}

/** What the RPCs that take a tenant show of one of the two: everything by which a row of the other's would be noticed. */
export async function seenOf(app: TestApp, tenants: TwoTenants, tenantId: string) {
  const { metricCode, idempotencyKey } = tenants;
  const amount = tenantId === tenants.own ? ownAmount : foreignAmount;
  const replay = await app.quota.recordUsage({ tenantId, metricCode, amount, idempotencyKey });
  const check = await app.quota.checkQuota({ tenantId, metricCode, amount: 1n });
  const { metrics } = await app.quota.getStatus({ tenantId });
  const { events } = await app.quota.listEvents({ tenantId });
  const { subscription } = await app.subscriptions.getSubscription({ tenantId });
  const { overrides } = await app.subscriptions.listLimitOverrides({ tenantId });
  return {
    replay: [replay.replayed, replay.event?.tenantId, replay.event?.amount],
    check: [check.status?.current, check.status?.limit],
    status: metrics.map(({ current, limit }) => [current, limit]),
    events: events.map((event) => [event.tenantId, event.amount]),
    subscription: subscription?.tenantId,
    overrides: overrides.map((override) => [override.tenantId, override.limit]),
  };
}

/** What `seenOf` answers when the other tenant does not show. */
export function onlyOwn(tenants: TwoTenants, tenantId: string) {
  const amount = tenantId === tenants.own ? ownAmount : foreignAmount;
  const limit = 100n + amount;
  return {
    replay: [true, tenantId, amount],
    check: [amount, limit],
    status: [[amount, limit]],
    events: [[tenantId, amount]],
    subscription: tenantId,
    overrides: [[tenantId, limit]],
  };
}

/** What is left when one of the two has lost its override and its subscription: the other's. */
export async function withdraw(app: TestApp, { own, metricCode }: TwoTenants): Promise<void> {
  await app.subscriptions.deleteLimitOverride({ tenantId: own, metricCode });
  await app.subscriptions.deleteSubscription({ tenantId: own });
}
