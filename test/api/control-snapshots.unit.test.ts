import { create, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ApiKeySchema } from "../../gen/quota/v1/api_key_pb.ts";
import { PlanSchema } from "../../gen/quota/v1/plan_pb.ts";
import { LimitOverrideSchema, SubscriptionSchema } from "../../gen/quota/v1/subscription_pb.ts";
import { apiKeyMessage } from "../../src/api/mapping/api-key.ts";
import { limitOverrideMessage } from "../../src/api/mapping/limit-override.ts";
import { planMessage } from "../../src/api/mapping/plan.ts";
import { subscriptionMessage } from "../../src/api/mapping/subscription.ts";
import type { ApiKey } from "../../src/domain/api-key.ts";
import { planLimitsMax } from "../../src/domain/bounds.ts";
import {
  apiKeySnapshot,
  overrideSnapshot,
  planSnapshot,
  subscriptionSnapshot,
} from "../../src/domain/control-snapshots.ts";
import { limitEnforcements } from "../../src/domain/limit-enforcement.ts";
import type { LimitOverride } from "../../src/domain/limit-override.ts";
import { periodKinds } from "../../src/domain/period-kind.ts";
import type { Plan } from "../../src/domain/plan.ts";
import type { Subscription } from "../../src/domain/subscription.ts";
import { anApiKey } from "../support/api-keys.ts";
import { aLimitOverride, aPlan, aQuotaLimit, aSubscription, aTenant } from "../support/builders.ts";

/** The audit trail is written without the messages, and must look as if it had been written with them. */

const fullSecond = Date.UTC(2026, 0, 1);
const counterMax = 2n ** 53n - 1n;

describe("the snapshot of a plan is what its message becomes as JSON", () => {
  it.each<[string, Plan]>([
    ["as usual", aPlan({ createdAt: fullSecond })],
    ["without a name and limits", aPlan({ displayName: "", limits: [], updatedAt: 253_402_300_799_999 })],
    ["the default", aPlan({ isDefault: true, revision: counterMax, displayName: 'ü " \u2028' })],
    [
      "with every kind and enforcement",
      aPlan({
        limits: periodKinds.flatMap((periodKind) =>
          limitEnforcements.map((enforcement) => aQuotaLimit({ periodKind, enforcement })),
        ),
      }),
    ],
    [
      "with limits of 0, the largest, and none",
      aPlan({ limits: [0n, counterMax, null].map((limit) => aQuotaLimit({ limit })) }),
    ],
  ])("%s", (_, plan) => {
    expect(planSnapshot(plan)).toStrictEqual(toJson(PlanSchema, create(PlanSchema, planMessage(plan))));
  });

  it("at most 64 KiB, as the contract says", () => {
    const limits = Array.from({ length: planLimitsMax }, (_, index) =>
      aQuotaLimit({ metricCode: `m${index}`.padEnd(100, "x"), limit: counterMax, periodKind: "LIFETIME" }),
    );
    const largest = aPlan({ code: "c".repeat(100), displayName: "\u{1F600}".repeat(200), limits });
    expect(Buffer.byteLength(JSON.stringify(planSnapshot(largest)))).toBeLessThan(64 * 1024);
  });
});

describe("the snapshot of a subscription is what its message becomes as JSON", () => {
  it.each<[string, Subscription]>([
    ["as usual", aSubscription({ planCode: "p" })],
    ["with an anchor", aSubscription({ planCode: "p", anchor: 0, createdAt: fullSecond + 10 })],
  ])("%s", (_, subscription) => {
    const message = create(SubscriptionSchema, subscriptionMessage(subscription));
    expect(subscriptionSnapshot(subscription)).toStrictEqual(toJson(SubscriptionSchema, message));
  });
});

describe("the snapshot of an override is what its message becomes as JSON", () => {
  it.each<[string, LimitOverride]>([
    ["as usual", aLimitOverride()],
    ["without a limit, a reason and an end", aLimitOverride({ limit: null, reason: "" })],
    ["with everything", aLimitOverride({ limit: 0n, enforcement: "SOFT", expiresAt: fullSecond + 100 })],
  ])("%s", (_, override) => {
    const message = create(LimitOverrideSchema, limitOverrideMessage(override));
    expect(overrideSnapshot(override)).toStrictEqual(toJson(LimitOverrideSchema, message));
  });
});

describe("the snapshot of a key is what its message becomes as JSON", () => {
  it.each<[string, ApiKey]>([
    ["as usual", anApiKey()],
    ["a tenant's", anApiKey({ role: "TENANT", tenantId: aTenant() })],
    ["with every time", anApiKey({ createdAt: fullSecond, expiresAt: fullSecond + 1, lastUsedAt: 0, revokedAt: 10 })],
  ])("%s", (_, key) => {
    expect(apiKeySnapshot(key)).toStrictEqual(toJson(ApiKeySchema, create(ApiKeySchema, apiKeyMessage(key))));
  });
});
