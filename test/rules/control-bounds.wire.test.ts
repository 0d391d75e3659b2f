import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlanSchema } from "../../gen/quota/v1/plan_pb.ts";
import type { LimitOverrideSchema } from "../../gen/quota/v1/subscription_pb.ts";
import { LimitEnforcement, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import {
  bounds,
  codes,
  type FieldBounds,
  instants,
  limits,
  pageSizes,
  proveBounds,
  tenants,
  texts,
  violationsOf,
} from "./field-bounds.ts";
import { hard, isoOf, type LimitInit, newPlan, noon, reasonOf, type SubscriptionInit, unlimited } from "./fixtures.ts";

type PlanInit = MessageInitShape<typeof PlanSchema>;
type OverrideInit = MessageInitShape<typeof LimitOverrideSchema>;

/** Numbers of no enum value, as a newer client could send them. */
const unknownEnumValues = [7, -1, 2 ** 31 - 1];

/** Each value stands alone in a request that is good otherwise. */
describe("bounds of the control plane", () => {
  let app: TestApp;
  let planCode: string;

  beforeAll(async () => {
    app = await startTestApp();
    await app.setClock(noon);
    planCode = await newPlan(app, hard("items", 5n));
  });

  afterAll(async () => {
    await app.stop();
  });

  const create = (fields: PlanInit) => app.plans.createPlan({ plan: { code: aCode("plan"), ...fields } });
  const update = (fields: PlanInit) => app.plans.updatePlan({ plan: { code: planCode, revision: 9n, ...fields } });
  const limit = (fields: LimitInit) => ({ limits: [hard("first", 1n), { ...hard("items", 1n), ...fields }] });
  const revisions = { good: [1n, 2n ** 53n - 1n], bad: [0n, -1n, 2n ** 53n] };
  const kinds = { good: [0, 1, 2, 3, 4, 5, 6], bad: unknownEnumValues };
  const planBounds: FieldBounds<PlanInit>[] = [
    bounds("plan.code", codes, (code) => ({ code })),
    bounds("plan.display_name", texts, (displayName) => ({ displayName })),
    {
      field: "plan.limits",
      good: [{ limits: [] }, { limits: Array.from({ length: 200 }, (_, index) => hard(`m${index}`, 1n)) }],
      bad: [201, 300].map((length) => ({ limits: Array.from({ length }, (_, index) => hard(`m${index}`, 1n)) })),
    },
    bounds("plan.limits[1].metric_code", codes, (metricCode) => limit({ metricCode })),
    { field: "plan.limits[1].metric_code", good: [], bad: [limit({ metricCode: "first" })] },
    bounds("plan.limits[1].limit", limits, (value) => limit({ limit: value })),
    {
      field: "plan.limits[1].limit",
      good: [{ limits: [unlimited("items")] }],
      bad: [
        limit({ unlimited: true }),
        { limits: [hard("a", 1n), { metricCode: "b", enforcement: LimitEnforcement.HARD }] },
      ],
    },
    bounds("plan.limits[1].enforcement", { good: [1, 2], bad: [0, ...unknownEnumValues] }, (value) =>
      limit({ enforcement: value as LimitEnforcement }),
    ),
    bounds("plan.limits[1].period_kind", kinds, (value) => limit({ periodKind: value as PeriodKind })),
  ];

  it.each(planBounds)("bounds: CreatePlan takes $field at its bounds and refuses it beyond", async (row) => {
    await proveBounds(create, row);
  });

  it.each<FieldBounds<PlanInit>>([...planBounds, bounds("plan.revision", revisions, (revision) => ({ revision }))])(
    "bounds: UpdatePlan takes $field at its bounds and refuses it beyond",
    async (row) => {
      await proveBounds(update, row);
    },
  );

  it("bounds: what the server sets is ignored on input, whatever it is", async () => {
    const nonsense = { seconds: -(2n ** 63n), nanos: -5 };
    const { plan } = await create({ revision: -5n, createdAt: nonsense, updatedAt: nonsense });
    expect(plan?.revision).toBe(1n);
    const tenantId = aTenant();
    await app.subscriptions.putSubscription({
      subscription: { tenantId, planCode, createdAt: nonsense, updatedAt: nonsense },
    });
    await putOverride({ tenantId, createdAt: nonsense, updatedAt: nonsense });
  });

  const zones = {
    good: ["", "UTC", "Europe/Berlin", "europe/berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Calcutta"],
    bad: ["+02:00", "-0300", "Z", "Berlin", "Europe/Berlin ", "Europe/Nowhere", "a\u0000", "x".repeat(65), "UTC+2"],
  };

  it.each<FieldBounds<SubscriptionInit>>([
    bounds("subscription.tenant_id", tenants, (tenantId) => ({ tenantId })),
    bounds("subscription.plan_code", codes, (code) => ({ planCode: code })),
    bounds("subscription.time_zone", zones, (timeZone) => ({ timeZone })),
    bounds("subscription.anchor", instants, (anchor) => ({ anchor })),
  ])("bounds: PutSubscription takes $field at its bounds and refuses it beyond", async (row) => {
    const put = (fields: SubscriptionInit) =>
      app.subscriptions.putSubscription({ subscription: { tenantId: aTenant(), planCode, ...fields } });
    await proveBounds(put, row);
  });

  const putOverride = (fields: OverrideInit) =>
    app.subscriptions.putLimitOverride({
      override: {
        tenantId: aTenant(),
        metricCode: "items",
        ...("unlimited" in fields ? {} : { limit: 1n }),
        ...fields,
      },
    });

  it.each<FieldBounds<OverrideInit>>([
    bounds("override.tenant_id", tenants, (tenantId) => ({ tenantId })),
    bounds("override.metric_code", codes, (metricCode) => ({ metricCode })),
    bounds("override.limit", limits, (value) => ({ limit: value })),
    {
      field: "override.limit",
      good: [{ unlimited: true }],
      bad: [{ unlimited: false }, { unlimited: true, limit: 0n }],
    },
    bounds("override.enforcement", { good: [0, 1, 2], bad: unknownEnumValues }, (value) => ({
      enforcement: value as LimitEnforcement,
    })),
    bounds("override.reason", texts, (reason) => ({ reason })),
    { field: "override.expires_at", good: instants.good.slice(-1).map((expiresAt) => ({ expiresAt })), bad: [] },
    { field: "override.expires_at", good: [], bad: instants.bad.map((expiresAt) => ({ expiresAt })) },
    { field: "override.expires_at", good: [], bad: instants.good.slice(0, 2).map((expiresAt) => ({ expiresAt })) },
  ])("bounds: PutLimitOverride takes $field at its bounds and refuses it beyond", async (row) => {
    await proveBounds(putOverride, row);
  });

  it("bounds: GetPlan and DeletePlan refuse a malformed code in its name", async () => {
    const row = bounds("code", codes, (code) => ({ code }));
    await proveBounds((fields: { code: string }) => app.plans.getPlan(fields), row);
    await proveBounds((fields: { code: string }) => app.plans.deletePlan(fields), row);
  });

  it("bounds: reads and deletions by tenant refuse a malformed identity in its name", async () => {
    const row = bounds("tenant_id", tenants, (tenantId) => ({ tenantId }));
    type Identity = { tenantId: string };
    await proveBounds((fields: Identity) => app.subscriptions.getSubscription(fields), row);
    await proveBounds((fields: Identity) => app.subscriptions.deleteSubscription(fields), row);
    const remove = (fields: { tenantId?: string; metricCode?: string }) =>
      app.subscriptions.deleteLimitOverride({ tenantId: aTenant(), metricCode: "items", ...fields });
    await proveBounds(remove, row);
    await proveBounds(
      remove,
      bounds("metric_code", codes, (metricCode) => ({ metricCode })),
    );
    expect(await violationsOf(app.subscriptions.deleteLimitOverride({}))).toEqual(["tenant_id", "metric_code"]);
  });

  it("bounds: the lists take page_size and filter at their bounds and refuse them beyond", async () => {
    type PageInit = { pageSize?: number; tenantId?: string; planCode?: string };
    const plans = (fields: PageInit) => app.plans.listPlans(fields);
    const subscriptions = (fields: PageInit) => app.subscriptions.listSubscriptions(fields);
    const overrides = (fields: PageInit) => app.subscriptions.listLimitOverrides(fields);
    for (const list of [plans, subscriptions, overrides]) {
      await proveBounds<PageInit>(
        list,
        bounds("page_size", pageSizes, (pageSize) => ({ pageSize })),
      );
    }
    await proveBounds<PageInit>(
      subscriptions,
      bounds("plan_code", codes, (code) => ({ planCode: code })),
    );
    await proveBounds<PageInit>(
      overrides,
      bounds("tenant_id", tenants, (tenantId) => ({ tenantId })),
    );
    expect(await violationsOf(subscriptions({ planCode: "", pageSize: -1 }))).toEqual(["plan_code", "page_size"]);
    expect(await violationsOf(overrides({ tenantId: "", pageSize: -1 }))).toEqual(["tenant_id", "page_size"]);
  });

  it("bounds: a request without its object names the object", async () => {
    expect(await violationsOf(app.plans.createPlan({}))).toEqual(["plan"]);
    expect(await violationsOf(app.plans.updatePlan({}))).toEqual(["plan"]);
    expect(await violationsOf(app.subscriptions.putSubscription({}))).toEqual(["subscription"]);
    expect(await violationsOf(app.subscriptions.putLimitOverride({}))).toEqual(["override"]);
  });

  it("bounds: every malformed field of a plan is named at once, by its place", async () => {
    const limitsSent: LimitInit[] = [
      { metricCode: "" },
      { ...hard("items", -1n), periodKind: 99 as PeriodKind },
      hard("items", 1n),
    ];
    const call = app.plans.updatePlan({ plan: { code: "", displayName: "\u0000", limits: limitsSent } });
    expect((await violationsOf(call)).sort()).toEqual(
      [
        "plan.code",
        "plan.display_name",
        "plan.limits[0].enforcement",
        "plan.limits[0].limit",
        "plan.limits[0].metric_code",
        "plan.limits[1].limit",
        "plan.limits[1].period_kind",
        "plan.limits[2].metric_code",
        "plan.revision",
      ].sort(),
    );
    const subscription = { tenantId: "", planCode: "", timeZone: "?", anchor: { seconds: -1n, nanos: 0 } };
    expect(await violationsOf(app.subscriptions.putSubscription({ subscription }))).toHaveLength(4);
    const reason = "x".repeat(201);
    const override = {
      tenantId: "",
      metricCode: "",
      enforcement: 9 as LimitEnforcement,
      reason,
      expiresAt: { seconds: -1n, nanos: 0 },
    };
    expect(await violationsOf(app.subscriptions.putLimitOverride({ override }))).toHaveLength(6);
  });

  it("bounds: of the 600 violations of a plan 20 are named, and 600 counted", async () => {
    const { badRequest, info } = await refusalOfCall(
      create({ limits: Array.from({ length: 200 }, (_, index) => ({ metricCode: `?${index}` })) }),
    );
    expect(badRequest?.fieldViolations).toHaveLength(20);
    expect(info?.metadata).toEqual({ violations: "600" });
  });

  it("bounds: texts and instants at their bounds come back as they were sent, cut to the millisecond", async () => {
    const displayName = "\u{1f600}".repeat(200);
    const { plan } = await create({ displayName });
    expect((await app.plans.getPlan({ code: plan?.code ?? "" })).plan?.displayName).toBe(displayName);
    const tenantId = aTenant();
    const last = { seconds: 253_402_300_799n, nanos: 999_999_999 };
    await app.subscriptions.putSubscription({ subscription: { tenantId, planCode, anchor: last } });
    const { subscription } = await app.subscriptions.getSubscription({ tenantId });
    expect(isoOf(subscription?.anchor)).toBe("9999-12-31T23:59:59.999Z");
    const { override } = await putOverride({ tenantId, expiresAt: last, reason: displayName });
    expect(isoOf(override?.expiresAt)).toBe("9999-12-31T23:59:59.999Z");
    expect(override?.reason).toBe(displayName);
  });

  it.each([
    ["HOUR", PeriodKind.HOUR],
    ["DAY", PeriodKind.DAY],
    ["WEEK", PeriodKind.WEEK],
    ["MONTH", PeriodKind.MONTH],
    ["YEAR", PeriodKind.YEAR],
    ["LIFETIME", PeriodKind.LIFETIME],
  ] as const)("bounds: usage is counted under an anchor at either end of time, by %s", async (_, periodKind) => {
    const code = await newPlan(app, hard("items", 5n, periodKind));
    for (const anchor of instants.good) {
      const tenantId = aTenant();
      await app.subscriptions.putSubscription({ subscription: { tenantId, planCode: code, anchor } });
      const use = (amount: bigint) => app.quota.recordUsage({ tenantId, metricCode: "items", amount });
      expect((await use(5n)).status).toMatchObject({ current: 5n, periodKind });
      expect(await reasonOf(use(1n))).toBe("QUOTA_EXCEEDED");
    }
  });
});
