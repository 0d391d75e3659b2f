import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LimitOverrideSchema } from "../../gen/quota/v1/subscription_pb.ts";
import { LimitEnforcement, LimitSource, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant, hourMs } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, isoOf, newPlan, reasonOf, refused, setLimits, soft, subscribe, tenantOn } from "./fixtures.ts";

type OverrideInit = MessageInitShape<typeof LimitOverrideSchema>;

describe("limits of a tenant's own", () => {
  const moment = Date.UTC(2027, 2, 10, 12);
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  beforeEach(async () => {
    await app.setClock(moment);
  });

  afterAll(async () => {
    await app.stop();
  });

  const put = (tenantId: string, fields: OverrideInit) =>
    app.subscriptions.putLimitOverride({ override: { tenantId, metricCode: "items", ...fields } });
  const use = (tenantId: string, amount: bigint, planCode?: string) =>
    app.quota.recordUsage({ tenantId, metricCode: "items", amount, ...(planCode === undefined ? {} : { planCode }) });
  const statusOf = async (tenantId: string) => (await app.quota.getStatus({ tenantId })).metrics[0];

  it("R3: an override takes the place of the plan's limit at once, and gives it back when removed", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n, PeriodKind.WEEK));
    await use(tenantId, 5n);
    expect(await reasonOf(use(tenantId, 1n))).toBe("QUOTA_EXCEEDED");

    expect((await put(tenantId, { limit: 8n })).waitsForPlan).toBe(false);
    const { event, status } = await use(tenantId, 3n);
    const shown = { limit: 8n, limitSource: LimitSource.OVERRIDE, planCode, periodKind: PeriodKind.WEEK };
    expect(event).toMatchObject({ ...shown, enforcement: LimitEnforcement.HARD, usageAfter: 8n, sequence: 2n });
    expect(status).toMatchObject({ ...shown, current: 8n, remaining: 0n });
    expect(await statusOf(tenantId)).toMatchObject({ ...shown, current: 8n, remaining: 0n });
    expect(await refused(use(tenantId, 1n))).toMatchObject({
      reason: "QUOTA_EXCEEDED",
      numbers: { limit: "8", current: "8", limit_source: "OVERRIDE", plan_code: planCode },
    });

    await app.subscriptions.deleteLimitOverride({ tenantId, metricCode: "items" });
    expect(await refused(use(tenantId, 1n))).toMatchObject({
      numbers: { limit: "5", current: "8", remaining: "-3", limit_source: "SUBSCRIBED_PLAN" },
    });
    expect(await statusOf(tenantId)).toMatchObject({ limit: 5n, remaining: -3n });
  });

  it("R3: an override may be lower than the plan's limit, 0 included", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n));
    await put(tenantId, { limit: 0n });
    expect(await refused(use(tenantId, 1n))).toMatchObject({ numbers: { limit: "0", limit_source: "OVERRIDE" } });
  });

  it("R3: an override holds until its expiry, which is exclusive, in decisions and reads alike", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n));
    const expiry = moment + hourMs;
    const { override } = await put(tenantId, { limit: 50n, expiresAt: timestampFromMs(expiry) });
    expect(isoOf(override?.expiresAt)).toBe(new Date(expiry).toISOString());

    await app.setClock(expiry - 1);
    expect(await use(tenantId, 10n)).toMatchObject({ status: { limit: 50n, limitSource: LimitSource.OVERRIDE } });
    expect(await statusOf(tenantId)).toMatchObject({ limit: 50n });

    await app.setClock(expiry);
    expect(await statusOf(tenantId)).toMatchObject({
      limit: 5n,
      remaining: -5n,
      limitSource: LimitSource.SUBSCRIBED_PLAN,
    });
    expect(await app.quota.checkQuota({ tenantId, metricCode: "items", amount: 1n })).toMatchObject({
      allowed: false,
      remaining: -6n,
    });
    expect(await refused(use(tenantId, 1n))).toMatchObject({
      numbers: { limit: "5", limit_source: "SUBSCRIBED_PLAN" },
    });
    const { overrides } = await app.subscriptions.listLimitOverrides({ tenantId });
    expect(overrides).toMatchObject([{ limit: 50n }]);
  });

  it.each([
    ["in the past", -1],
    ["now", 0],
  ])("R3: an override that expires %s is refused", async (_, offset) => {
    const tenantId = aTenant();
    const expiresAt = timestampFromMs(moment + offset);
    expect(await reasonOf(put(tenantId, { limit: 5n, expiresAt }))).toBe("INVALID_REQUEST");
    expect((await app.subscriptions.listLimitOverrides({ tenantId })).overrides).toEqual([]);
    expect((await put(tenantId, { limit: 5n, expiresAt: timestampFromMs(moment + 1) })).override?.limit).toBe(5n);
  });

  it("R3: an unlimited override lifts the limit and keeps counting", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n));
    const { override } = await put(tenantId, { unlimited: true });
    expect(override).toMatchObject({ unlimited: true });
    expect(override?.limit).toBeUndefined();
    const { status, event } = await use(tenantId, 1_000n);
    expect(status).toMatchObject({ current: 1_000n, limitSource: LimitSource.OVERRIDE });
    for (const limit of [status?.limit, status?.remaining, event?.limit]) expect(limit).toBeUndefined();
    await app.subscriptions.deleteLimitOverride({ tenantId, metricCode: "items" });
    expect(await statusOf(tenantId)).toMatchObject({ current: 1_000n, remaining: -995n });
  });

  it("R3: without an enforcement the plan's holds, whatever it is at the decision; with one, that one", async () => {
    const { tenantId, planCode } = await tenantOn(app, soft("items", 100n));
    const { override } = await put(tenantId, { limit: 5n });
    expect(override?.enforcement).toBe(LimitEnforcement.UNSPECIFIED);
    expect(await use(tenantId, 6n)).toMatchObject({ overLimit: true, event: { enforcement: LimitEnforcement.SOFT } });
    await setLimits(app, planCode, hard("items", 100n));
    expect(await refused(use(tenantId, 1n))).toMatchObject({ numbers: { enforcement: "HARD", limit: "5" } });

    await put(tenantId, { limit: 5n, enforcement: LimitEnforcement.SOFT });
    expect(await use(tenantId, 1n)).toMatchObject({ overLimit: true, status: { enforcement: LimitEnforcement.SOFT } });
    await put(tenantId, { limit: 5n, enforcement: LimitEnforcement.HARD });
    await setLimits(app, planCode, soft("items", 100n));
    expect(await reasonOf(use(tenantId, 1n))).toBe("QUOTA_EXCEEDED");
  });

  it("R3: an override beats the plan that a call names, which still gives the kind", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n, PeriodKind.MONTH));
    const requested = await newPlan(app, hard("items", 1_000n, PeriodKind.DAY));
    await put(tenantId, { limit: 7n });
    const { event } = await use(tenantId, 7n, requested);
    expect(event).toMatchObject({
      limit: 7n,
      limitSource: LimitSource.OVERRIDE,
      planCode: requested,
      requestedPlanCode: requested,
      periodKind: PeriodKind.DAY,
    });
    expect(await refused(use(tenantId, 1n, requested))).toMatchObject({
      numbers: { limit: "7", limit_source: "OVERRIDE", plan_code: requested },
    });
    expect((await use(tenantId, 7n)).event).toMatchObject({ limit: 7n, periodKind: PeriodKind.MONTH, sequence: 1n });
  });

  it("R3: an override of a metric that the plan lacks waits, says so, and holds once the plan has it", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("others", 5n));
    expect((await put(tenantId, { limit: 7n })).waitsForPlan).toBe(true);
    expect(await reasonOf(use(tenantId, 1n))).toBe("METRIC_NOT_IN_PLAN");
    expect((await app.quota.getStatus({ tenantId })).metrics.map((metric) => metric.metricCode)).toEqual(["others"]);

    await setLimits(app, planCode, hard("others", 5n), hard("items", 1n));
    expect(await use(tenantId, 7n)).toMatchObject({ status: { limit: 7n, limitSource: LimitSource.OVERRIDE } });
    expect((await put(tenantId, { limit: 7n })).waitsForPlan).toBe(false);

    await setLimits(app, planCode, hard("others", 5n));
    expect(await reasonOf(use(tenantId, 1n))).toBe("METRIC_NOT_IN_PLAN");
    expect((await put(tenantId, { limit: 7n })).waitsForPlan).toBe(true);
  });

  it("R3: an override needs no subscription, and waits for one", async () => {
    const tenantId = aTenant();
    expect((await put(tenantId, { limit: 7n })).waitsForPlan).toBe(true);
    expect(await reasonOf(use(tenantId, 1n))).toBe("NO_PLAN");
    await subscribe(app, tenantId, await newPlan(app, hard("items", 1n)));
    expect((await use(tenantId, 7n)).status).toMatchObject({ limit: 7n, remaining: 0n });
  });

  it("R3: an override survives a change of plan and the end of the subscription", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n));
    await put(tenantId, { limit: 50n, reason: "agreed" });
    await use(tenantId, 20n);
    const larger = await newPlan(app, hard("items", 10n));
    await subscribe(app, tenantId, larger);
    expect(await statusOf(tenantId)).toMatchObject({ limit: 50n, current: 20n, planCode: larger });
    await app.subscriptions.deleteSubscription({ tenantId });
    expect((await app.subscriptions.listLimitOverrides({ tenantId })).overrides).toMatchObject([{ reason: "agreed" }]);
    await subscribe(app, tenantId, larger);
    expect((await use(tenantId, 30n)).status).toMatchObject({ limit: 50n, remaining: 0n });
  });

  it("R3: an override is one tenant's and one metric's", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n), hard("others", 5n));
    const neighbour = aTenant();
    await subscribe(app, neighbour, planCode);
    await put(tenantId, { limit: 50n });
    const { metrics } = await app.quota.getStatus({ tenantId });
    expect(metrics.map(({ metricCode, limit }) => [metricCode, limit])).toEqual([
      ["items", 50n],
      ["others", 5n],
    ]);
    expect(await statusOf(neighbour)).toMatchObject({ limit: 5n, limitSource: LimitSource.SUBSCRIBED_PLAN });
    expect(await reasonOf(use(neighbour, 6n))).toBe("QUOTA_EXCEEDED");
  });
});
