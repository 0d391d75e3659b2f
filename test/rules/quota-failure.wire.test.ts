import { durationMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant, hourMs } from "../support/builders.ts";
import { type Refusal, refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { amountMax, hard, newPlan, setLimits, subscribe, tenantOn } from "./fixtures.ts";

describe("the refusal of a HARD limit", () => {
  const moment = Date.UTC(2027, 2, 10, 12, 0, 0, 250);
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

  const refusalOf = (tenantId: string, amount: bigint) =>
    refusalOfCall(app.quota.recordUsage({ tenantId, metricCode: "items", amount }));
  const retryMs = ({ retryInfo }: Refusal) =>
    retryInfo?.retryDelay === undefined ? undefined : durationMs(retryInfo.retryDelay);

  it("error table: QUOTA_EXCEEDED tells limit, usage, amount, source, plan and the period's end", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 50n));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 42n });
    const refusal = await refusalOf(tenantId, 10n);
    expect(refusal).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "QUOTA_EXCEEDED" });
    expect(refusal.info).toMatchObject({
      domain: "quota.v1",
      metadata: {
        metric_code: "items",
        limit: "50",
        current: "42",
        requested: "10",
        remaining: "8",
        enforcement: "HARD",
        limit_source: "SUBSCRIBED_PLAN",
        plan_code: planCode,
        period_end: "2027-04-01T00:00:00.000Z",
      },
    });
    expect(Object.keys(refusal.info?.metadata ?? {})).toHaveLength(9);
    const violations = refusal.quotaFailure?.violations ?? [];
    expect(violations).toMatchObject([{ quotaMetric: "items", quotaValue: 50n, apiService: "quota.v1" }]);
    expect(violations[0]?.subject).toContain(tenantId);
    for (const number of ["50", "42", "10"]) {
      expect(violations[0]?.description).toMatch(new RegExp(`\\b${number}\\b`));
      expect(refusal.message).toMatch(new RegExp(`\\b${number}\\b`));
    }
    expect(refusal.badRequest).toBeUndefined();
  });

  it.each([
    ["HOUR", PeriodKind.HOUR, Date.UTC(2027, 2, 10, 13)],
    ["DAY", PeriodKind.DAY, Date.UTC(2027, 2, 11)],
    ["WEEK", PeriodKind.WEEK, Date.UTC(2027, 2, 15)],
    ["MONTH", PeriodKind.MONTH, Date.UTC(2027, 3, 1)],
    ["YEAR", PeriodKind.YEAR, Date.UTC(2028, 0, 1)],
  ] as const)("error table: RetryInfo is the time until the %s ends", async (_, kind, end) => {
    const { tenantId } = await tenantOn(app, hard("items", 5n, kind));
    // There is no counter before the first use, and the period is the one open now all the same.
    expect((await refusalOf(tenantId, 6n)).info?.metadata["period_end"]).toBe(new Date(end).toISOString());
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 5n });
    expect(retryMs(await refusalOf(tenantId, 5n))).toBe(end - moment);
    await app.setClock(end - 1);
    expect(retryMs(await refusalOf(tenantId, 1n))).toBe(1);
    await app.setClock(end);
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 5n });
  });

  it("error table: RetryInfo is absent when no later period could admit the amount", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n));
    for (const amount of [6n, amountMax]) expect(retryMs(await refusalOf(tenantId, amount))).toBeUndefined();
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n });
    expect(retryMs(await refusalOf(tenantId, 6n))).toBeUndefined();
    expect(retryMs(await refusalOf(tenantId, 5n))).toBe(Date.UTC(2027, 3, 1) - moment);
  });

  it("error table: LIFETIME has neither RetryInfo nor period_end", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n, PeriodKind.LIFETIME));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 5n });
    const refusal = await refusalOf(tenantId, 1n);
    expect(refusal.retryInfo).toBeUndefined();
    expect(Object.keys(refusal.info?.metadata ?? {})).not.toContain("period_end");
    expect(refusal.quotaFailure?.violations).toHaveLength(1);
  });

  it("error table: a limit of 0 has no RetryInfo, for nothing will ever fit", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 0n));
    const refusal = await refusalOf(tenantId, 1n);
    expect(refusal.retryInfo).toBeUndefined();
    expect(refusal.quotaFailure?.violations).toMatchObject([{ quotaValue: 0n }]);
  });

  it("error table: RetryInfo follows the subscription's zone and anchor", async () => {
    const planCode = await newPlan(app, hard("items", 5n, PeriodKind.DAY));
    const [zoned, anchored] = [aTenant(), aTenant()];
    await subscribe(app, zoned, planCode, { timeZone: "Asia/Tokyo" });
    await subscribe(app, anchored, planCode, {
      anchor: { seconds: BigInt(Date.UTC(2027, 0, 1, 14) / 1_000), nanos: 0 },
    });
    for (const [tenantId, end] of [
      [zoned, Date.UTC(2027, 2, 10, 15)],
      [anchored, Date.UTC(2027, 2, 10, 14)],
    ] as const) {
      await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 5n });
      expect(retryMs(await refusalOf(tenantId, 1n))).toBe(end - moment);
    }
  });

  it("error table: after a downgrade remaining is negative, and RetryInfo goes by the new limit", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 50n, PeriodKind.HOUR));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 42n });
    await setLimits(app, planCode, hard("items", 10n, PeriodKind.HOUR));
    const refusal = await refusalOf(tenantId, 10n);
    expect(refusal.info?.metadata).toMatchObject({ limit: "10", current: "42", remaining: "-32" });
    expect(retryMs(refusal)).toBe(hourMs - 250);
    expect(retryMs(await refusalOf(tenantId, 11n))).toBeUndefined();
  });
});
