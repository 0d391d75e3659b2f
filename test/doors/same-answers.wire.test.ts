import { type DescMethod, type Message, toJsonString } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService, SeriesWindow } from "../../gen/quota/v1/admin_service_pb.ts";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { ControlObjectKind } from "../../gen/quota/v1/control_change_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import { EventOrder, LimitEnforcement } from "../../gen/quota/v1/usage_pb.ts";
import { servedServices } from "../../src/api/served-services.ts";
import { fakeServices } from "../api/fake-services.ts";
import { hard, noon, soft, unlimited } from "../rules/fixtures.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { connectTo, type DoorName, doorNames, doorOf, type WholeDoor } from "./doors.ts";

/** What one door answered, under the name of each RPC. */
type Answers = ReadonlyMap<string, string>;

/** Calls every RPC, with a tenant and a plan of its own, and gives the answers without what differs for that reason. */
async function walk(door: WholeDoor): Promise<Answers> {
  const [tenantId, code, metricCode] = [aTenant(), aCode("plan"), aCode("metric")];
  const answers = new Map<string, string>();
  const take = <M extends Message>(method: DescMethod, message: M): M => {
    const text = toJsonString(method.output, message)
      .replaceAll(tenantId, "(tenant)")
      .replaceAll(code, "(plan)")
      .replaceAll(metricCode, "(metric)")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, "(id)")
      .replaceAll(/"prefix":"[^"]+"/g, '"prefix":"(prefix)"')
      .replaceAll(/"nextPageToken":"[^"]+"/g, '"nextPageToken":"(token)"');
    answers.set(method.toString(), text);
    return message;
  };
  const { plans, subscriptions, quota } = door;
  const limits = [hard(metricCode, 5n), soft("calls", 2n), unlimited("rows")];
  const created = await plans.createPlan({ plan: { code, displayName: "Wörter, 語 & ✓", limits } });
  take(PlanService.method.createPlan, created);
  take(PlanService.method.getPlan, await plans.getPlan({ code }));
  take(
    PlanService.method.updatePlan,
    await plans.updatePlan({ plan: { code, displayName: "Second", limits, revision: created.plan?.revision ?? 0n } }),
  );
  const subscription = { tenantId, planCode: code, timeZone: "Europe/Berlin" };
  take(SubscriptionService.method.putSubscription, await subscriptions.putSubscription({ subscription }));
  take(SubscriptionService.method.getSubscription, await subscriptions.getSubscription({ tenantId }));
  take(
    SubscriptionService.method.listSubscriptions,
    await subscriptions.listSubscriptions({ planCode: code, pageSize: 1 }),
  );
  const override = { tenantId, metricCode, limit: 2n ** 53n - 1n, enforcement: LimitEnforcement.SOFT };
  take(SubscriptionService.method.putLimitOverride, await subscriptions.putLimitOverride({ override }));
  take(SubscriptionService.method.listLimitOverrides, await subscriptions.listLimitOverrides({ tenantId }));
  take(
    SubscriptionService.method.deleteLimitOverride,
    await subscriptions.deleteLimitOverride({ tenantId, metricCode }),
  );
  const metadata = JSON.parse('{"__proto__":{"a":[null,1.5,"é",{"b":{}}]},"constructor":true}');
  const usage = { tenantId, metricCode, amount: 3n, metadata, idempotencyKey: "key ~ 1", planCode: code };
  await quota.recordUsage(usage);
  take(QuotaService.method.recordUsage, await quota.recordUsage(usage));
  take(QuotaService.method.checkQuota, await quota.checkQuota({ tenantId, metricCode, amount: 4n }));
  take(QuotaService.method.getStatus, await quota.getStatus({ tenantId, metricCodes: [metricCode, "rows"] }));
  await quota.recordUsage({ tenantId, metricCode, amount: 1n });
  const page = { tenantId, metricCode, order: EventOrder.OLDEST_FIRST, pageSize: 1 };
  take(QuotaService.method.listEvents, await quota.listEvents(page));
  await refusalOfCall(quota.recordUsage({ tenantId, metricCode, amount: 9n }));
  const [admin, { method }] = [door.connection.service(AdminService), AdminService];
  take(method.listUsageRecords, await admin.listUsageRecords({ tenantId }));
  take(method.listUsageEvents, await admin.listUsageEvents({ tenantId, order: EventOrder.OLDEST_FIRST }));
  take(method.listRefusals, await admin.listRefusals({ tenantId }));
  take(method.listTenantsNearLimit, await admin.listTenantsNearLimit({ metricCode, minPercentUsed: 1 }));
  // One change: the order of several in one millisecond is chance.
  take(method.listChanges, await admin.listChanges({ tenantId, objectKind: ControlObjectKind.SUBSCRIPTION }));
  const series = {
    tenantId,
    metricCode,
    createdFrom: timestampFromMs(noon - 1),
    createdBefore: timestampFromMs(noon + 1),
  };
  take(method.getUsageSeries, await admin.getUsageSeries({ ...series, window: SeriesWindow.HOUR }));
  const key = await door.apiKeys.createApiKey({ displayName: "Für den Shop", role: Role.TENANT, tenantId });
  take(ApiKeyService.method.createApiKey, { ...key, secret: key.secret.length > 20 ? "(secret)" : "" });
  take(ApiKeyService.method.revokeApiKey, await door.apiKeys.revokeApiKey({ id: key.apiKey?.id ?? "" }));
  take(ApiKeyService.method.listApiKeys, await door.apiKeys.listApiKeys({ tenantId }));
  take(SubscriptionService.method.deleteSubscription, await subscriptions.deleteSubscription({ tenantId }));
  take(PlanService.method.deletePlan, await plans.deletePlan({ code }));
  const others = await plans.listPlans({ pageSize: 1 });
  take(PlanService.method.listPlans, others);
  return answers;
}

describe("the answers of one service", () => {
  let app: TestApp;
  let expected: Answers;

  const walkThrough = async (name: DoorName) => {
    const connection = connectTo(app, name);
    try {
      return await walk(doorOf(connection));
    } finally {
      connection.close();
    }
  };

  beforeAll(async () => {
    app = await startTestApp();
    await app.setClock(noon);
    await app.plans.createPlan({ plan: { code: "first", displayName: "Of a list" } });
    await app.plans.createPlan({ plan: { code: "second", displayName: "Of a list" } });
    expected = await walkThrough("gRPC");
  });

  afterAll(async () => {
    await app.stop();
  });

  it("are asked for by every RPC that is served", () => {
    const served = servedServices(fakeServices()).flatMap(({ rpcs }) => rpcs.map(({ method }) => method.toString()));
    expect([...expected.keys()].sort()).toEqual(served.sort());
  });

  it("hold what was sent, which the other doors are compared with", () => {
    const recorded = JSON.parse(expected.get(QuotaService.method.recordUsage.toString()) ?? "");
    expect(recorded).toMatchObject({ replayed: true, event: { amount: "3", idempotencyKey: "key ~ 1" } });
    expect(JSON.stringify(recorded.event.metadata)).toBe(
      '{"__proto__":{"a":[null,1.5,"é",{"b":{}}]},"constructor":true}',
    );
    expect(expected.get(QuotaService.method.listEvents.toString())).toContain('"nextPageToken":"(token)"');
  });

  it.each(doorNames)("are the same through %s", async (name) => {
    expect(Object.fromEntries(await walkThrough(name))).toEqual(Object.fromEntries(expected));
  });
});
