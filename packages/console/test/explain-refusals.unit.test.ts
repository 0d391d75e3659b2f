import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { type ControlChange, ControlChangeSchema } from "../../../gen/quota/v1/control_change_pb.ts";
import { type LimitOverride, LimitOverrideSchema } from "../../../gen/quota/v1/subscription_pb.ts";
import {
  LimitEnforcement,
  LimitSource,
  type QuotaStatus,
  QuotaStatusSchema,
  type UsageRefusal,
  UsageRefusalSchema,
} from "../../../gen/quota/v1/usage_pb.ts";
import { explainRefusals, refusalsByHour, sumRefusals } from "../src/tenant/explain-refusals.ts";
import { lostOverridesOf } from "../src/tenant/lost-overrides.ts";
import { sampleTenant } from "./sample-event.ts";

type Numbers = Partial<Pick<UsageRefusal, "count" | "lastLimit" | "lastCurrent" | "lastRequested" | "metricCode">>;

function refusal(hour: string, numbers: Numbers = {}): UsageRefusal {
  return create(UsageRefusalSchema, {
    tenantId: sampleTenant,
    metricCode: "exports",
    hour: timestampFromDate(new Date(hour)),
    count: 1n,
    lastLimit: 50n,
    lastCurrent: 42n,
    lastRequested: 10n,
    ...numbers,
  });
}

function status(
  current: bigint,
  limit: bigint,
  changes: Partial<Pick<QuotaStatus, "enforcement" | "limitSource">> = {},
) {
  return create(QuotaStatusSchema, {
    metricCode: "exports",
    current,
    limit,
    remaining: limit - current,
    enforcement: LimitEnforcement.HARD,
    limitSource: LimitSource.SUBSCRIBED_PLAN,
    ...changes,
  });
}

describe("why a tenant was refused", () => {
  it("is told by the numbers of the last refusal, whatever the order they come in", () => {
    const refusals = [
      refusal("2026-11-24T08:00:00Z", { count: 3n, lastCurrent: 45n }),
      refusal("2026-11-24T09:00:00Z", { count: 2n, lastCurrent: 48n }),
      refusal("2026-11-23T09:00:00Z", { count: 4n, lastCurrent: 41n }),
    ];
    expect(explainRefusals(refusals, [status(48n, 50n)], [], [])).toMatchObject([
      { metricCode: "exports", count: 9n, current: 48n, limit: 50n, requested: 10n, excess: 8n, now: "refused" },
    ]);
  });

  it("puts the metric first that was refused last", () => {
    const refusals = [
      refusal("2026-11-24T08:00:00Z", { metricCode: "a" }),
      refusal("2026-11-24T09:00:00Z", { metricCode: "b" }),
    ];
    expect(explainRefusals(refusals, [], [], []).map(({ metricCode }) => metricCode)).toEqual(["b", "a"]);
  });

  it.each([
    ["admitted", status(40n, 50n)],
    ["refused", status(41n, 50n)],
    ["flagged", status(41n, 50n, { enforcement: LimitEnforcement.SOFT })],
    ["not-in-plan", undefined],
  ])("comes with what the same request would meet now: %s", (now, present) => {
    const statuses = present === undefined ? [] : [present];
    expect(explainRefusals([refusal("2026-11-24T08:00:00Z")], statuses, [], [])[0]?.now).toBe(now);
  });

  it("says when an amount is above the whole limit, and when the limit has changed", () => {
    const refusals = [refusal("2026-11-24T08:00:00Z", { lastRequested: 51n })];
    const told = { isAmountAboveLimit: true, hasLimitChanged: true };
    expect(explainRefusals(refusals, [status(0n, 60n)], [], [])[0]).toMatchObject(told);
  });

  it("names the override only when it gives the limit", () => {
    const override = create(LimitOverrideSchema, { metricCode: "exports", limit: 50n, reason: "trial" });
    const refusals = [refusal("2026-11-24T08:00:00Z")];
    const overridden = status(48n, 50n, { limitSource: LimitSource.OVERRIDE });
    expect(explainRefusals(refusals, [overridden], [override], [])[0]?.override).toBe(override);
    expect(explainRefusals(refusals, [status(48n, 50n)], [override], [])[0]?.override).toBeUndefined();
  });
});

describe("an override that is gone", () => {
  const refusals = [refusal("2026-11-24T08:00:00Z")];
  const deletion = (endedAt: string, limit?: string) =>
    create(ControlChangeSchema, {
      createdAt: timestampFromDate(new Date(endedAt)),
      actorName: "Platform operations",
      before: { metricCode: "exports", reason: "trial", ...(limit === undefined ? { unlimited: true } : { limit }) },
    });
  const now = new Date("2026-11-24T10:00:00Z");
  const explain = (overrides: LimitOverride[], changes: ControlChange[]) =>
    explainRefusals(refusals, [status(42n, 50n)], [], lostOverridesOf(overrides, changes, now))[0]?.lost;

  it("is named when it was deleted and would have admitted the request", () => {
    const told = { limit: 52n, reason: "trial", how: "deleted", by: "Platform operations" };
    expect(explain([], [deletion("2026-11-24T08:30:00Z", "52")])).toMatchObject(told);
    expect(explain([], [deletion("2026-11-24T08:30:00Z")])).toMatchObject({ limit: undefined });
  });

  it("is not, where it would have refused too, was there still, or has a successor", () => {
    expect(explain([], [deletion("2026-11-24T08:30:00Z", "51")])).toBeUndefined();
    expect(explain([], [deletion("2026-11-24T09:00:00Z", "52")])).toBeUndefined();
    const successor = create(LimitOverrideSchema, { metricCode: "exports", limit: 40n });
    expect(explain([successor], [deletion("2026-11-24T08:30:00Z", "52")])).toBeUndefined();
  });

  it("is named when it expired", () => {
    const expiring = (expiresAt: string) =>
      create(LimitOverrideSchema, {
        metricCode: "exports",
        limit: 60n,
        expiresAt: timestampFromDate(new Date(expiresAt)),
      });
    expect(explain([expiring("2026-11-24T07:00:00Z")], [])).toMatchObject({ limit: 60n, how: "expired" });
    expect(explain([expiring("2026-11-24T11:00:00Z")], [])).toBeUndefined();
  });
});

describe("refusals of a day", () => {
  it("are summed by tenant and metric, the most often refused first", () => {
    const refusals = [
      refusal("2026-11-24T08:00:00Z", { count: 3n, metricCode: "a" }),
      refusal("2026-11-24T08:00:00Z", { count: 4n, metricCode: "b" }),
      refusal("2026-11-24T09:00:00Z", { count: 2n, metricCode: "a" }),
    ];
    expect(sumRefusals(refusals).map(({ metricCode, count }) => [metricCode, count])).toEqual([
      ["a", 5n],
      ["b", 4n],
    ]);
  });

  it("are counted hour by hour, hours without any included", () => {
    const refusals = [
      refusal("2026-11-24T08:00:00Z", { count: 3n }),
      refusal("2026-11-24T08:00:00Z", { count: 1n, metricCode: "b" }),
    ];
    const hours = refusalsByHour(refusals, new Date("2026-11-24T10:00:00Z"), 3);
    expect(hours.map(({ hour, count }) => [hour.toISOString().slice(11, 13), count])).toEqual([
      ["07", 0n],
      ["08", 4n],
      ["09", 0n],
    ]);
  });
});
