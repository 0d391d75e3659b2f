import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LimitOverrideSchema } from "../../gen/quota/v1/subscription_pb.ts";
import { LimitEnforcement } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant, hourMs, minuteMs } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, isoOf, newPlan, refused, type SubscriptionInit } from "./fixtures.ts";

type OverrideInit = MessageInitShape<typeof LimitOverrideSchema>;

describe("repeated calls about subscriptions and overrides", () => {
  const start = Date.UTC(2027, 2, 10, 12);
  const later = start + minuteMs;
  let app: TestApp;
  let planCode: string;

  beforeAll(async () => {
    app = await startTestApp();
    planCode = await newPlan(app, hard("items", 5n));
  });

  beforeEach(async () => {
    await app.setClock(start);
  });

  afterAll(async () => {
    await app.stop();
  });

  const putSubscription = async (subscription: SubscriptionInit) =>
    (await app.subscriptions.putSubscription({ subscription })).subscription;
  const readSubscription = async (tenantId: string) =>
    (await app.subscriptions.getSubscription({ tenantId })).subscription;
  const putOverride = async (override: OverrideInit) =>
    (await app.subscriptions.putLimitOverride({ override })).override;
  const readOverrides = async (tenantId: string) =>
    (await app.subscriptions.listLimitOverrides({ tenantId })).overrides;

  it("R17: putting an identical subscription again changes nothing, however it is written", async () => {
    const tenantId = aTenant();
    const anchor = { seconds: BigInt(start / 1_000), nanos: 5_000_000 };
    const first = await putSubscription({ tenantId, planCode, timeZone: "Europe/Berlin", anchor });
    expect(first).toMatchObject({ tenantId, planCode, timeZone: "Europe/Berlin" });
    expect(isoOf(first?.anchor)).toBe(new Date(start + 5).toISOString());
    expect(timesOf(first)).toEqual([start, start]);
    await app.setClock(later);
    for (const repeat of [
      { tenantId, planCode, timeZone: "Europe/Berlin", anchor },
      { tenantId: tenantId.toUpperCase(), planCode, timeZone: "europe/berlin", anchor },
      { tenantId, planCode, timeZone: "Europe/Berlin", anchor: { ...anchor, nanos: 5_999_999 } },
      { tenantId, planCode, timeZone: "Europe/Berlin", anchor, createdAt: timestampFromMs(0) },
    ]) {
      expect(await putSubscription(repeat)).toEqual(first);
    }
    expect(await readSubscription(tenantId)).toEqual(first);
  });

  it("R17: an empty zone is UTC, and stays it", async () => {
    const tenantId = aTenant();
    const first = await putSubscription({ tenantId, planCode });
    expect(first?.timeZone).toBe("UTC");
    expect(first?.anchor).toBeUndefined();
    await app.setClock(later);
    expect(await putSubscription({ tenantId, planCode, timeZone: "UTC" })).toEqual(first);
  });

  it.each<[string, SubscriptionInit]>([
    ["zone", { timeZone: "Asia/Tokyo" }],
    ["anchor", { anchor: timestampFromMs(start) }],
    ["anchor, which is gone", {}],
  ])("R17: another %s replaces the subscription and keeps its creation time", async (what, fields) => {
    const tenantId = aTenant();
    await putSubscription({ tenantId, planCode, ...(what.endsWith("gone") ? { anchor: timestampFromMs(1) } : {}) });
    await app.setClock(later);
    const second = await putSubscription({ tenantId, planCode, ...fields });
    expect(timesOf(second)).toEqual([start, later]);
    expect(await readSubscription(tenantId)).toEqual(second);
    expect(second?.anchor !== undefined).toBe("anchor" in fields);
  });

  it("R17: another plan replaces the subscription; one that does not exist changes nothing", async () => {
    const tenantId = aTenant();
    const first = await putSubscription({ tenantId, planCode });
    await app.setClock(later);
    expect(await refused(putSubscription({ tenantId, planCode: "no-such-plan" }))).toEqual({
      code: "NOT_FOUND",
      reason: "PLAN_NOT_FOUND",
      numbers: { plan_code: "no-such-plan" },
    });
    expect(await readSubscription(tenantId)).toEqual(first);
    const second = await putSubscription({ tenantId, planCode: await newPlan(app) });
    expect(timesOf(second)).toEqual([start, later]);
    expect(second?.planCode).not.toBe(planCode);
  });

  it("R17: deleting a subscription again, or one that never was, succeeds", async () => {
    const tenantId = aTenant();
    await putSubscription({ tenantId, planCode });
    for (let call = 0; call < 3; call += 1) await app.subscriptions.deleteSubscription({ tenantId });
    await app.subscriptions.deleteSubscription({ tenantId: aTenant() });
    expect(await refused(readSubscription(tenantId))).toEqual({
      code: "NOT_FOUND",
      reason: "SUBSCRIPTION_NOT_FOUND",
      numbers: { tenant_id: tenantId },
    });
    await app.setClock(later);
    expect(timesOf(await putSubscription({ tenantId, planCode }))).toEqual([later, later]);
  });

  it("R17: putting an identical override again changes nothing", async () => {
    const tenantId = aTenant();
    const override = {
      tenantId,
      metricCode: "items",
      limit: 0n,
      enforcement: LimitEnforcement.SOFT,
      reason: "agreed",
      expiresAt: { seconds: BigInt((start + hourMs) / 1_000), nanos: 1_000_000 },
    };
    const first = await putOverride(override);
    expect(first).toMatchObject({ tenantId, limit: 0n, reason: "agreed", enforcement: LimitEnforcement.SOFT });
    expect(timesOf(first)).toEqual([start, start]);
    await app.setClock(later);
    expect(await putOverride(override)).toEqual(first);
    expect(await putOverride({ ...override, tenantId: tenantId.toUpperCase() })).toEqual(first);
    const finer = { ...override.expiresAt, nanos: 1_999_999 };
    expect(await putOverride({ ...override, expiresAt: finer, updatedAt: timestampFromMs(0) })).toEqual(first);
    expect(await readOverrides(tenantId)).toEqual([first]);
  });

  it.each<[string, OverrideInit]>([
    ["limit", { limit: 6n }],
    ["enforcement", { limit: 5n, enforcement: LimitEnforcement.HARD }],
    ["reason", { limit: 5n, reason: "other" }],
    ["expiry", { limit: 5n, expiresAt: timestampFromMs(start + hourMs) }],
    ["choice of unlimited", { unlimited: true }],
  ])("R17: another %s replaces the override and keeps its creation time", async (_, fields) => {
    const tenantId = aTenant();
    await putOverride({ tenantId, metricCode: "items", limit: 5n });
    await app.setClock(later);
    const second = await putOverride({ tenantId, metricCode: "items", ...fields });
    expect(timesOf(second)).toEqual([start, later]);
    expect(await readOverrides(tenantId)).toEqual([second]);
    const third = await putOverride({ tenantId, metricCode: "items", limit: 5n });
    expect(third).toMatchObject({ limit: 5n, unlimited: false, reason: "", enforcement: LimitEnforcement.UNSPECIFIED });
    expect(third?.expiresAt).toBeUndefined();
  });

  it("R17: deleting an override again, or one that never was, succeeds and touches no other", async () => {
    const tenantId = aTenant();
    await putOverride({ tenantId, metricCode: "items", limit: 5n });
    const kept = await putOverride({ tenantId, metricCode: "others", limit: 5n });
    for (let call = 0; call < 3; call += 1)
      await app.subscriptions.deleteLimitOverride({ tenantId, metricCode: "items" });
    await app.subscriptions.deleteLimitOverride({ tenantId: aTenant(), metricCode: "others" });
    expect(await readOverrides(tenantId)).toEqual([kept]);
  });

  it("R17: different puts at once leave one of them whole", async () => {
    const tenantId = aTenant();
    const zones = ["Europe/Berlin", "Asia/Tokyo", "America/New_York", "UTC"];
    const answers = await Promise.all(zones.map((timeZone) => putSubscription({ tenantId, planCode, timeZone })));
    const stored = await readSubscription(tenantId);
    expect(zones).toContain(stored?.timeZone);
    expect(answers.map((answer) => answer?.timeZone)).toEqual(zones);
    const limits = [1n, 2n, 3n, 4n];
    const overrides = await Promise.all(limits.map((limit) => putOverride({ tenantId, metricCode: "items", limit })));
    expect(overrides.map((override) => override?.limit)).toEqual(limits);
    expect(await readOverrides(tenantId)).toHaveLength(1);
  });
});

type Stored = Awaited<ReturnType<TestApp["subscriptions"]["getSubscription"]>>["subscription"];

/** Created and updated, as milliseconds. */
function timesOf(stored: Pick<NonNullable<Stored>, "createdAt" | "updatedAt"> | undefined): (number | undefined)[] {
  return [stored?.createdAt, stored?.updatedAt].map((time) => {
    const text = isoOf(time);
    return text === undefined ? undefined : Date.parse(text);
  });
}
