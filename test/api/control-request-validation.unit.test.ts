import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanSchema, type QuotaLimitSchema } from "../../gen/quota/v1/plan_pb.ts";
import type { LimitOverrideSchema, SubscriptionSchema } from "../../gen/quota/v1/subscription_pb.ts";
import {
  PutLimitOverrideRequestSchema,
  PutSubscriptionRequestSchema,
} from "../../gen/quota/v1/subscription_service_pb.ts";
import { LimitEnforcement, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { overridePositionOf, planCodeOf, tenantIdOf } from "../../src/api/validation/control-requests.ts";
import { limitOverrideDefinitionOf } from "../../src/api/validation/limit-override-definition.ts";
import { changedPlanOf, newPlanOf } from "../../src/api/validation/plan-definition.ts";
import { subscriptionDefinitionOf } from "../../src/api/validation/subscription-definition.ts";
import { unknownEnum } from "./unknown-enum.ts";
import { violatedFields, violationsOf } from "./violations.ts";

type PlanInit = MessageInitShape<typeof PlanSchema>;
type LimitInit = MessageInitShape<typeof QuotaLimitSchema>;
type SubscriptionInit = MessageInitShape<typeof SubscriptionSchema>;
type OverrideInit = MessageInitShape<typeof LimitOverrideSchema>;

const tenantId = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e";
const counterMax = 2n ** 53n - 1n;

const newPlan = (fields: PlanInit) => newPlanOf({ plan: create(PlanSchema, { code: "starter", ...fields }) });
const planWith = (limit: LimitInit) =>
  newPlan({ limits: [{ metricCode: "api", enforcement: LimitEnforcement.HARD, ...limit }] });

describe("a plan", () => {
  it("is sorted by metric, counts by the month unless it says otherwise, and ignores what the server sets", () => {
    const definition = newPlan({
      displayName: "Starter",
      limits: [
        { metricCode: "b", unlimited: true, enforcement: LimitEnforcement.SOFT, periodKind: PeriodKind.LIFETIME },
        { metricCode: "a", limit: 0n, enforcement: LimitEnforcement.HARD },
      ],
      isDefault: true,
      revision: -7n,
      createdAt: { seconds: -1n, nanos: -1 },
    });
    expect(definition).toEqual({
      code: "starter",
      displayName: "Starter",
      limits: [
        { metricCode: "a", limit: 0n, enforcement: "HARD", periodKind: "MONTH" },
        { metricCode: "b", limit: null, enforcement: "SOFT", periodKind: "LIFETIME" },
      ],
      isDefault: true,
    });
  });

  it.each<[string, LimitInit, string[]]>([
    ["no limit", {}, ["plan.limits[0].limit"]],
    ["unlimited", { unlimited: true }, []],
    ["a limit and unlimited", { limit: 1n, unlimited: true }, ["plan.limits[0].limit"]],
    ["a negative limit", { limit: -1n }, ["plan.limits[0].limit"]],
    ["a limit of 0", { limit: 0n }, []],
    ["the largest limit", { limit: counterMax }, []],
    ["one more than the largest limit", { limit: counterMax + 1n }, ["plan.limits[0].limit"]],
    ["no enforcement", { limit: 1n, enforcement: LimitEnforcement.UNSPECIFIED }, ["plan.limits[0].enforcement"]],
    ["an enforcement of another version", { limit: 1n, enforcement: unknownEnum(3) }, ["plan.limits[0].enforcement"]],
    ["a period kind of another version", { limit: 1n, periodKind: unknownEnum(7) }, ["plan.limits[0].period_kind"]],
    ["no metric", { limit: 1n, metricCode: "" }, ["plan.limits[0].metric_code"]],
    ["a bad metric", { limit: 1n, metricCode: "A" }, ["plan.limits[0].metric_code"]],
  ])("with a limit that has %s", (_name, limit, expected) => {
    expect(violatedFields(() => planWith(limit))).toEqual(expected);
  });

  it.each([PeriodKind.HOUR, PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.YEAR, PeriodKind.LIFETIME])(
    "may count by period kind %i",
    (periodKind) => {
      expect(planWith({ limit: 1n, periodKind }).limits[0]?.periodKind).toBe(
        Object.entries(PeriodKind).find(([, value]) => value === periodKind)?.[0],
      );
    },
  );

  it.each<[string, PlanInit, string[]]>([
    ["no code", { code: "" }, ["plan.code"]],
    ["a code of 101 characters", { code: "a".repeat(101) }, ["plan.code"]],
    ["a name of 200 characters", { displayName: "😀".repeat(200) }, []],
    ["a name of 201 characters", { displayName: "😀".repeat(201) }, ["plan.display_name"]],
    ["a name with U+0000", { displayName: "a\u0000" }, ["plan.display_name"]],
    ["a name with half a surrogate pair", { displayName: "a\ud800" }, ["plan.display_name"]],
    ["200 limits", { limits: limits(200) }, []],
    ["201 limits", { limits: limits(201) }, ["plan.limits"]],
  ])("with %s", (_name, fields, expected) => {
    expect(violatedFields(() => newPlan(fields))).toEqual(expected);
  });

  it("is refused when a metric has two limits, at each one too many", () => {
    const two = [...limits(2), ...limits(1), ...limits(1)];
    expect(violationsOf(() => newPlan({ limits: two }))).toEqual([
      'plan.limits[2].metric_code "m0" has a limit already in this plan',
      'plan.limits[3].metric_code "m0" has a limit already in this plan',
    ]);
  });

  it("has every bad field of every limit named", () => {
    const bad = { metricCode: "A", enforcement: LimitEnforcement.UNSPECIFIED, periodKind: unknownEnum(9) };
    expect(violatedFields(() => newPlan({ code: "", limits: [bad, bad] }))).toEqual([
      "plan.code",
      "plan.limits[0].enforcement",
      "plan.limits[0].period_kind",
      "plan.limits[0].metric_code",
      "plan.limits[0].limit",
      "plan.limits[1].enforcement",
      "plan.limits[1].period_kind",
      "plan.limits[1].metric_code",
      "plan.limits[1].limit",
      "plan.limits[1].metric_code",
    ]);
  });

  it("must be there", () => {
    expect(violationsOf(() => newPlanOf({}))).toEqual(["plan is required"]);
    expect(violationsOf(() => changedPlanOf({}))).toEqual(["plan is required"]);
  });

  it.each([
    [0n, ["plan.revision"]],
    [-1n, ["plan.revision"]],
    [1n, []],
    [counterMax, []],
    [counterMax + 1n, ["plan.revision"]],
  ])("that replaces another and names revision %s", (revision, expected) => {
    const change = () => changedPlanOf({ plan: create(PlanSchema, { code: "starter", revision }) });
    expect(violatedFields(change)).toEqual(expected);
  });

  function limits(count: number): LimitInit[] {
    return Array.from({ length: count }, (_, index) => ({
      metricCode: `m${index}`,
      limit: 1n,
      enforcement: LimitEnforcement.HARD,
    }));
  }
});

describe("a subscription", () => {
  const put = (fields: SubscriptionInit) =>
    subscriptionDefinitionOf(
      create(PutSubscriptionRequestSchema, { subscription: { tenantId, planCode: "starter", ...fields } }),
    );

  it("is in UTC and calendar periods unless it says otherwise", () => {
    expect(put({})).toEqual({ tenantId, planCode: "starter", timeZone: "UTC" });
  });

  it("has its zone in the database's own spelling and its anchor cut to the millisecond", () => {
    const anchor = { seconds: 1_700_000_000n, nanos: 123_999_999 };
    expect(put({ tenantId: tenantId.toUpperCase(), timeZone: "europe/berlin", anchor })).toEqual({
      tenantId,
      planCode: "starter",
      timeZone: "Europe/Berlin",
      anchor: 1_700_000_000_123,
    });
  });

  it.each<[string, SubscriptionInit, string[]]>([
    ["no tenant", { tenantId: "" }, ["subscription.tenant_id"]],
    ["no plan", { planCode: "" }, ["subscription.plan_code"]],
    ["an offset for a zone", { timeZone: "+02:00" }, ["subscription.time_zone"]],
    ["an unknown zone", { timeZone: "Europe/Atlantis" }, ["subscription.time_zone"]],
    ["a zone with U+0000", { timeZone: "Europe/Berlin\u0000" }, ["subscription.time_zone"]],
    ["an anchor before 1970", { anchor: { seconds: -1n, nanos: 0 } }, ["subscription.anchor"]],
    ["an anchor in 1970", { anchor: { seconds: 0n, nanos: 0 } }, []],
    ["an anchor after 9999", { anchor: { seconds: 253_402_300_800n, nanos: 0 } }, ["subscription.anchor"]],
    ["an anchor with too many nanos", { anchor: { seconds: 0n, nanos: 1_000_000_000 } }, ["subscription.anchor"]],
  ])("with %s", (_name, fields, expected) => {
    expect(violatedFields(() => put(fields))).toEqual(expected);
  });

  it("must be there", () => {
    expect(violationsOf(() => subscriptionDefinitionOf(create(PutSubscriptionRequestSchema)))).toEqual([
      "subscription is required",
    ]);
  });
});

describe("an override", () => {
  const put = (fields: OverrideInit) =>
    limitOverrideDefinitionOf(
      create(PutLimitOverrideRequestSchema, { override: { tenantId, metricCode: "api", ...fields } }),
    );

  it("keeps the plan's enforcement and holds for ever unless it says otherwise", () => {
    expect(put({ limit: 5n })).toEqual({ tenantId, metricCode: "api", limit: 5n, reason: "" });
  });

  it("hands on what it says, with the expiry cut to the millisecond", () => {
    const fields = {
      limit: 5n,
      enforcement: LimitEnforcement.SOFT,
      reason: "agreed",
      expiresAt: { seconds: 9n, nanos: 1_999_999 },
    };
    expect(put(fields)).toEqual({
      tenantId,
      metricCode: "api",
      limit: 5n,
      enforcement: "SOFT",
      reason: "agreed",
      expiresAt: 9_001,
    });
  });

  it.each<[string, OverrideInit, string[]]>([
    ["no tenant", { limit: 5n, tenantId: "" }, ["override.tenant_id"]],
    ["no metric", { limit: 5n, metricCode: "" }, ["override.metric_code"]],
    ["no limit", {}, ["override.limit"]],
    ["unlimited", { unlimited: true }, []],
    ["a limit and unlimited", { limit: 1n, unlimited: true }, ["override.limit"]],
    ["one more than the largest limit", { limit: counterMax + 1n }, ["override.limit"]],
    ["an enforcement of another version", { limit: 5n, enforcement: unknownEnum(3) }, ["override.enforcement"]],
    ["a reason of 200 characters", { limit: 5n, reason: "x".repeat(200) }, []],
    ["a reason of 201 characters", { limit: 5n, reason: "x".repeat(201) }, ["override.reason"]],
    ["a reason with U+0000", { limit: 5n, reason: "\u0000" }, ["override.reason"]],
    ["an expiry with negative nanos", { limit: 5n, expiresAt: { seconds: 9n, nanos: -1 } }, ["override.expires_at"]],
    [
      "an expiry after 9999",
      { limit: 5n, expiresAt: { seconds: 253_402_300_800n, nanos: 0 } },
      ["override.expires_at"],
    ],
  ])("with %s", (_name, fields, expected) => {
    expect(violatedFields(() => put(fields))).toEqual(expected);
  });

  it("must be there", () => {
    expect(violationsOf(() => limitOverrideDefinitionOf(create(PutLimitOverrideRequestSchema)))).toEqual([
      "override is required",
    ]);
  });
});

describe("an identity", () => {
  it("is checked wherever it stands alone", () => {
    expect(planCodeOf({ code: "starter" })).toBe("starter");
    expect(violatedFields(() => planCodeOf({ code: "" }))).toEqual(["code"]);
    expect(tenantIdOf({ tenantId: tenantId.toUpperCase() })).toBe(tenantId);
    expect(violatedFields(() => tenantIdOf({ tenantId: "x" }))).toEqual(["tenant_id"]);
    expect(overridePositionOf({ tenantId, metricCode: "api" })).toEqual({ tenantId, metricCode: "api" });
    expect(violatedFields(() => overridePositionOf({ tenantId: "", metricCode: "" }))).toEqual([
      "tenant_id",
      "metric_code",
    ]);
  });
});
