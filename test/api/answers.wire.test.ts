import { durationMs } from "@bufbuild/protobuf/wkt";
import { afterEach, describe, expect, it } from "vitest";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import { EventOrder, LimitEnforcement } from "../../gen/quota/v1/usage_pb.ts";
import { OutcomeUnknownError } from "../../src/domain/errors/availability-errors.ts";
import { aLimitOverride, aMoment, aPlan, aSubscription, aUsageEvent } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { quotaExceeded } from "./sample-errors.ts";
import { startTestServer, type TestServer } from "./test-server.ts";
import { tenantId } from "./wire-bytes.ts";

let server: TestServer;

afterEach(async () => {
  await server.stop();
});

const usage = { tenantId, metricCode: "api.calls", amount: 2n };
const status = { ...aUsageEvent({ metricCode: "api.calls" }), current: 7n };

describe("RecordUsage", () => {
  it("hands the attempt to the service and its receipt to the caller", async () => {
    const attempts: unknown[] = [];
    const event = aUsageEvent({ tenantId, amount: 2n, metadata: '{"__proto__":1}' });
    server = await startTestServer({
      tracking: {
        recordUsage: async (attempt) => {
          attempts.push(attempt);
          return { event, status, overLimit: true, replayed: true };
        },
      },
    });
    const metadata = JSON.parse('{"__proto__":{"admin":true}}');
    const answer = await server.connection.service(QuotaService).recordUsage({ ...usage, metadata });
    expect(attempts).toEqual([{ ...usage, metadata: '{"__proto__":{"admin":true}}' }]);
    expect(answer).toMatchObject({ overLimit: true, replayed: true, status: { current: 7n, remaining: 93n } });
    expect(answer.event).toMatchObject({ id: event.id, tenantId, amount: 2n });
    expect(JSON.stringify(answer.event?.metadata)).toBe('{"__proto__":1}');
  });

  it("says in the details why a quota refused, and when to come back", async () => {
    server = await startTestServer({ tracking: { recordUsage: () => Promise.reject(quotaExceeded()) } });
    const refusal = await refusalOfCall(server.connection.service(QuotaService).recordUsage(usage));
    expect(refusal).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "QUOTA_EXCEEDED" });
    expect(refusal.info?.metadata).toMatchObject({ limit: "100", remaining: "2" });
    expect(refusal.quotaFailure?.violations).toHaveLength(1);
    expect(refusal.retryInfo?.retryDelay && durationMs(refusal.retryInfo.retryDelay)).toBe(90_500);
  });

  it("says UNAVAILABLE of an unknown outcome only when there was a key", async () => {
    server = await startTestServer({
      tracking: {
        recordUsage: ({ idempotencyKey }) =>
          Promise.reject(new OutcomeUnknownError(idempotencyKey !== undefined, new Error("connection lost"))),
      },
    });
    const quota = server.connection.service(QuotaService);
    const keyed = await refusalOfCall(quota.recordUsage({ ...usage, idempotencyKey: "k" }));
    expect(keyed).toMatchObject({ code: "UNAVAILABLE", reason: "OUTCOME_UNKNOWN" });
    expect(keyed.retryInfo).toBeDefined();
    const unkeyed = await refusalOfCall(quota.recordUsage(usage));
    expect(unkeyed).toMatchObject({ code: "UNKNOWN", reason: "OUTCOME_UNKNOWN", retryInfo: undefined });
  });
});

describe("a defect", () => {
  it("is a bland INTERNAL with the request id under which the log has it", async () => {
    const defect = new Error("insert into quota_usage_event failed for tenant 4711");
    server = await startTestServer({ tracking: { recordUsage: () => Promise.reject(defect) } });
    const quota = server.connection.service(QuotaService);
    const refusal = await refusalOfCall(quota.recordUsage(usage, { metadata: { "x-request-id": "from-the-caller" } }));
    expect(refusal).toMatchObject({
      code: "INTERNAL",
      reason: "INTERNAL",
      message: "internal error; the service's log has it under request id from-the-caller",
    });
    expect(server.logged.find(({ level }) => level === "error")?.fields).toEqual({
      requestId: "from-the-caller",
      method: "/quota.v1.QuotaService/RecordUsage",
      err: defect,
    });
  });

  it("of the service's own answer does not reach the caller either", async () => {
    const event = aUsageEvent({ metadata: "not JSON" });
    server = await startTestServer({
      tracking: { recordUsage: async () => ({ event, status, overLimit: false, replayed: false }) },
    });
    const refusal = await refusalOfCall(server.connection.service(QuotaService).recordUsage(usage));
    expect(refusal.code).toBe("INTERNAL");
    expect(refusal.message).not.toContain("JSON");
  });
});

describe("the request id", () => {
  it.each([
    ["is the caller's when it is 64 printable characters", "x".repeat(64), true],
    ["is our own when the caller's is longer", "x".repeat(65), false],
    ["is our own when the caller's is empty", "", false],
    ["is our own when the caller sent none", undefined, false],
  ])("%s", async (_name, sent, isKept) => {
    server = await startTestServer({});
    const metadata = sent === undefined ? {} : { "x-request-id": sent };
    const call = server.connection.service(PlanService).getPlan({ code: "starter" }, { metadata });
    const refusal = await refusalOfCall(call);
    const used = refusal.info?.metadata["request_id"];
    if (isKept) expect(used).toBe(sent);
    else expect(used).toMatch(/^[0-9a-f-]{36}$/);
    expect(server.logged.at(-1)?.fields).toMatchObject({ requestId: used, code: "INTERNAL" });
  });
});

describe("the other reads", () => {
  it("CheckQuota answers the advice, without remaining when unlimited", async () => {
    const questions: unknown[] = [];
    server = await startTestServer({
      enforcement: {
        checkQuota: async (question) => {
          questions.push(question);
          const isUnlimited = question.planCode === "gold";
          return { wouldExceed: true, remaining: isUnlimited ? null : -3n, allowed: false, status };
        },
      },
    });
    const quota = server.connection.service(QuotaService);
    expect(await quota.checkQuota(usage)).toMatchObject({ wouldExceed: true, remaining: -3n, allowed: false });
    expect(await quota.checkQuota({ ...usage, planCode: "gold" })).not.toHaveProperty("remaining");
    expect(questions).toEqual([usage, { ...usage, planCode: "gold" }]);
  });

  it("GetStatus answers every metric", async () => {
    server = await startTestServer({
      enforcement: {
        getStatus: async (_tenant, metricCodes = []) => metricCodes.map((metricCode) => ({ ...status, metricCode })),
      },
    });
    const answer = await server.connection.service(QuotaService).getStatus({ tenantId, metricCodes: ["a", "b"] });
    expect(answer.metrics.map(({ metricCode }) => metricCode)).toEqual(["a", "b"]);
  });

  it("ListEvents measures events as they go over the wire", async () => {
    const events = [aUsageEvent({ metadata: JSON.stringify({ a: "x".repeat(1_000) }) }), aUsageEvent()];
    const sizes: number[] = [];
    server = await startTestServer({
      eventListing: {
        list: async (filter, { size, token, bytesOf }) => {
          expect(filter).toEqual({ tenantId, order: "OLDEST_FIRST" });
          expect({ size, token }).toEqual({ size: 2, token: "t" });
          sizes.push(...events.map(bytesOf));
          return { items: events, nextPageToken: "next" };
        },
      },
    });
    const request = { tenantId, order: EventOrder.OLDEST_FIRST, pageSize: 2, pageToken: "t" };
    const answer = await server.connection.service(QuotaService).listEvents(request);
    expect(answer.events.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    expect(answer.nextPageToken).toBe("next");
    expect(sizes[0]).toBeGreaterThan(1_000);
    expect((sizes[0] ?? 0) - (sizes[1] ?? 0)).toBeGreaterThan(1_000);
  });
});

describe("the control plane", () => {
  it("hands plans to and from the service", async () => {
    const plan = aPlan({ code: "starter", revision: 3n });
    const calls: unknown[] = [];
    const answer = async (...call: unknown[]) => {
      calls.push(call);
      return plan;
    };
    server = await startTestServer({
      plans: {
        createPlan: (definition) => answer("create", definition.code),
        getPlan: (code) => answer("get", code),
        updatePlan: (definition, revision) => answer("update", definition.code, revision),
        deletePlan: async (code) => void calls.push(["delete", code]),
        listPlans: async (page) => {
          calls.push(["list", page.size]);
          return { items: [plan] };
        },
      },
    });
    const plans = server.connection.service(PlanService);
    expect((await plans.createPlan({ plan: { code: "starter" } })).plan).toMatchObject({
      code: "starter",
      revision: 3n,
    });
    expect((await plans.getPlan({ code: "starter" })).plan?.code).toBe("starter");
    expect((await plans.updatePlan({ plan: { code: "starter", revision: 2n } })).plan?.revision).toBe(3n);
    expect(await plans.listPlans({})).toMatchObject({ plans: [{ code: "starter" }], nextPageToken: "" });
    await plans.deletePlan({ code: "starter" });
    expect(calls).toEqual([
      ["create", "starter"],
      ["get", "starter"],
      ["update", "starter", 2n],
      ["list", 100],
      ["delete", "starter"],
    ]);
  });

  it("hands subscriptions and overrides to and from the service", async () => {
    const subscription = aSubscription({ tenantId, planCode: "starter" });
    const override = aLimitOverride({ tenantId, metricCode: "api", expiresAt: aMoment });
    const calls: unknown[] = [];
    server = await startTestServer({
      subscriptions: {
        putSubscription: async (definition) => {
          calls.push(["put", definition]);
          return subscription;
        },
        getSubscription: async (tenant) => ({ ...subscription, tenantId: tenant }),
        listSubscriptions: async (filter) => {
          calls.push(["list", filter]);
          return { items: [subscription], nextPageToken: "more" };
        },
        deleteSubscription: async (tenant) => void calls.push(["delete", tenant]),
        putLimitOverride: async (definition) => {
          calls.push(["put override", definition]);
          return { override, waitsForPlan: true };
        },
        listLimitOverrides: async (filter) => {
          calls.push(["list overrides", filter]);
          return { items: [override] };
        },
        deleteLimitOverride: async (position) => void calls.push(["delete override", position]),
      },
    });
    const api = server.connection.service(SubscriptionService);
    const put = await api.putSubscription({ subscription: { tenantId, planCode: "starter" } });
    expect(put.subscription).toMatchObject({ tenantId, planCode: "starter", timeZone: "Europe/Berlin" });
    expect((await api.getSubscription({ tenantId })).subscription?.tenantId).toBe(tenantId);
    expect(await api.listSubscriptions({ planCode: "starter" })).toMatchObject({
      subscriptions: [{ tenantId }],
      nextPageToken: "more",
    });
    await api.deleteSubscription({ tenantId });
    const sent = { tenantId, metricCode: "api", limit: 5n, enforcement: LimitEnforcement.SOFT, reason: "why" };
    expect(await api.putLimitOverride({ override: sent })).toMatchObject({
      override: { tenantId, metricCode: "api" },
      waitsForPlan: true,
    });
    expect((await api.listLimitOverrides({ tenantId })).overrides).toHaveLength(1);
    await api.deleteLimitOverride({ tenantId, metricCode: "api" });
    expect(calls).toEqual([
      ["put", { tenantId, planCode: "starter", timeZone: "UTC" }],
      ["list", { planCode: "starter" }],
      ["delete", tenantId],
      ["put override", { tenantId, metricCode: "api", limit: 5n, enforcement: "SOFT", reason: "why" }],
      ["list overrides", { tenantId }],
      ["delete override", { tenantId, metricCode: "api" }],
    ]);
  });
});
