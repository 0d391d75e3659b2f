import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { PlanSchema } from "../../gen/quota/v1/plan_pb.ts";
import { LimitOverrideSchema, SubscriptionSchema } from "../../gen/quota/v1/subscription_pb.ts";
import {
  EventOrderSchema,
  LimitEnforcement,
  LimitEnforcementSchema,
  LimitSource,
  LimitSourceSchema,
  PeriodKind,
  PeriodKindSchema,
  QuotaStatusSchema,
  UsageEventSchema,
} from "../../gen/quota/v1/usage_pb.ts";
import { messageEncoder } from "../../src/api/encoding/message-encoder.ts";
import {
  enforcementMessages,
  enforcementsByNumber,
  eventOrdersByNumber,
  limitSourceMessages,
  periodKindMessages,
  periodKindsByNumber,
} from "../../src/api/mapping/enums.ts";
import { limitOverrideMessage } from "../../src/api/mapping/limit-override.ts";
import { planMessage } from "../../src/api/mapping/plan.ts";
import { quotaStatusMessage } from "../../src/api/mapping/quota-status.ts";
import { subscriptionMessage } from "../../src/api/mapping/subscription.ts";
import { usageEventMessage } from "../../src/api/mapping/usage-event.ts";
import { limitEnforcements } from "../../src/domain/limit-enforcement.ts";
import { limitSources } from "../../src/domain/limit-source.ts";
import { lifetimeEndMs, lifetimeStartMs } from "../../src/domain/period.ts";
import { periodKinds } from "../../src/domain/period-kind.ts";
import { aLimitOverride, aMoment, aPlan, aSubscription, aUsageEvent, march } from "../support/builders.ts";

const lifetime = { periodKind: "LIFETIME", periodStart: lifetimeStartMs, periodEnd: lifetimeEndMs } as const;

describe("the enums of the wire", () => {
  it.each([
    ["LIMIT_ENFORCEMENT", LimitEnforcementSchema, limitEnforcements, enforcementMessages],
    ["LIMIT_SOURCE", LimitSourceSchema, limitSources, limitSourceMessages],
    ["PERIOD_KIND", PeriodKindSchema, periodKinds, periodKindMessages],
  ] as const)("%s has the domain's words, each under its own name", (prefix, schema, words, messages) => {
    const names = new Map(schema.values.map(({ number, name }) => [number, name]));
    const named = Object.entries(messages).map(([word, number]) => [word, names.get(number)]);
    expect(named).toEqual(words.map((word) => [word, `${prefix}_${word}`]));
    expect(schema.values).toHaveLength(words.length + 1);
  });

  it("are read back as they were written", () => {
    for (const word of limitEnforcements) expect(enforcementsByNumber.get(enforcementMessages[word])).toBe(word);
    for (const word of periodKinds) expect(periodKindsByNumber.get(periodKindMessages[word])).toBe(word);
    expect(eventOrdersByNumber.size).toBe(EventOrderSchema.values.length);
  });
});

describe("a QuotaStatus", () => {
  const status = {
    metricCode: "api",
    current: 7n,
    limit: 5n,
    enforcement: "SOFT",
    periodKind: "MONTH",
    ...march,
    planCode: "gold",
    limitSource: "OVERRIDE",
  } as const;

  it("has remaining below zero when over", () => {
    const message = create(QuotaStatusSchema, quotaStatusMessage(status));
    expect(message).toMatchObject({
      metricCode: "api",
      current: 7n,
      limit: 5n,
      remaining: -2n,
      enforcement: LimitEnforcement.SOFT,
      periodKind: PeriodKind.MONTH,
      planCode: "gold",
      limitSource: LimitSource.OVERRIDE,
    });
    expect(message.periodStart && timestampMs(message.periodStart)).toBe(march.periodStart);
    expect(message.periodEnd && timestampMs(message.periodEnd)).toBe(march.periodEnd);
  });

  it("has a limit of 0, which is not the same as none", () => {
    expect(create(QuotaStatusSchema, quotaStatusMessage({ ...status, limit: 0n }))).toMatchObject({
      limit: 0n,
      remaining: -7n,
    });
  });

  it("has neither limit nor remaining when unlimited", () => {
    const message = create(QuotaStatusSchema, quotaStatusMessage({ ...status, limit: null }));
    expect(message).not.toHaveProperty("limit");
    expect(message).not.toHaveProperty("remaining");
  });

  it("has no period for LIFETIME", () => {
    const message = create(QuotaStatusSchema, quotaStatusMessage({ ...status, ...lifetime }));
    expect(message.periodKind).toBe(PeriodKind.LIFETIME);
    expect(message).not.toHaveProperty("periodStart");
    expect(message).not.toHaveProperty("periodEnd");
  });
});

describe("a UsageEvent", () => {
  const sent = (event: Parameters<typeof usageEventMessage>[0]) =>
    fromBinary(UsageEventSchema, messageEncoder(UsageEventSchema).encode(usageEventMessage(event)));

  it("comes off the wire with everything the event holds", () => {
    const event = aUsageEvent({
      amount: 10n ** 15n,
      sequence: 9n,
      usageAfter: 2n ** 53n - 1n,
      limit: null,
      metadata: '{"a":[1.5,null,{"b":"ü"}]}',
      idempotencyKey: "order 4711",
      requestedPlanCode: "gold",
    });
    const { limit: _, periodStart, periodEnd, createdAt, ...same } = event;
    const message = sent(event);
    expect(message).toMatchObject({
      ...same,
      metadata: { a: [1.5, null, { b: "ü" }] },
      enforcement: LimitEnforcement.HARD,
      limitSource: LimitSource.SUBSCRIBED_PLAN,
      periodKind: PeriodKind.MONTH,
    });
    expect(message).not.toHaveProperty("limit");
    expect([message.createdAt, message.periodStart, message.periodEnd].map((at) => at && timestampMs(at))).toEqual([
      createdAt,
      periodStart,
      periodEnd,
    ]);
  });

  it("has metadata even when none was sent, and no key or requested plan then", () => {
    const message = sent(aUsageEvent());
    expect(message.metadata).toEqual({});
    expect(message).not.toHaveProperty("idempotencyKey");
    expect(message).not.toHaveProperty("requestedPlanCode");
  });

  it("keeps a metadata member named __proto__", () => {
    const message = sent(aUsageEvent({ metadata: '{"__proto__":{"admin":true},"a":{"__proto__":1}}' }));
    expect(JSON.stringify(message.metadata)).toBe('{"__proto__":{"admin":true},"a":{"__proto__":1}}');
  });

  it("has no period for LIFETIME", () => {
    const message = sent(aUsageEvent(lifetime));
    expect(message).not.toHaveProperty("periodStart");
    expect(message).not.toHaveProperty("periodEnd");
  });
});

describe("what the control plane answers", () => {
  it("says of each limit of a plan either a figure or that it is unlimited", () => {
    const plan = aPlan({
      limits: [
        { metricCode: "a", limit: 0n, enforcement: "HARD", periodKind: "DAY" },
        { metricCode: "b", limit: null, enforcement: "SOFT", periodKind: "LIFETIME" },
      ],
    });
    const { limits, createdAt, updatedAt, ...message } = create(PlanSchema, planMessage(plan));
    expect(message).toMatchObject({ code: plan.code, displayName: "A plan", isDefault: false, revision: 1n });
    expect(limits).toMatchObject([
      { metricCode: "a", limit: 0n, unlimited: false, enforcement: LimitEnforcement.HARD, periodKind: PeriodKind.DAY },
      { metricCode: "b", unlimited: true, enforcement: LimitEnforcement.SOFT, periodKind: PeriodKind.LIFETIME },
    ]);
    expect(limits[1]).not.toHaveProperty("limit");
    expect([createdAt, updatedAt].map((at) => at && timestampMs(at))).toEqual([aMoment, aMoment]);
  });

  it("has a subscription's anchor only when it has one", () => {
    const subscription = aSubscription({ planCode: "gold" });
    expect(create(SubscriptionSchema, subscriptionMessage(subscription))).not.toHaveProperty("anchor");
    const anchored = create(SubscriptionSchema, subscriptionMessage({ ...subscription, anchor: aMoment }));
    expect(anchored.anchor && timestampMs(anchored.anchor)).toBe(aMoment);
    expect(anchored).toMatchObject({ planCode: "gold", timeZone: "Europe/Berlin", tenantId: subscription.tenantId });
  });

  it("has an override's enforcement and expiry only when it has them", () => {
    const plain = create(LimitOverrideSchema, limitOverrideMessage(aLimitOverride({ limit: null })));
    expect(plain).toMatchObject({ unlimited: true, enforcement: LimitEnforcement.UNSPECIFIED });
    expect(plain).not.toHaveProperty("limit");
    expect(plain).not.toHaveProperty("expiresAt");
    const override = aLimitOverride({ limit: 5n, enforcement: "SOFT", expiresAt: aMoment + 1 });
    const full = create(LimitOverrideSchema, limitOverrideMessage(override));
    expect(full).toMatchObject({ limit: 5n, unlimited: false, enforcement: LimitEnforcement.SOFT });
    expect(full.expiresAt && timestampMs(full.expiresAt)).toBe(aMoment + 1);
  });
});
