import type { JsonObject } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LimitEnforcement, LimitSource, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { readRefusals } from "../support/postgres-storage.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, newPlan, reasonOf, refused, setLimits, soft, subscribe, tenantOn, unlimited } from "./fixtures.ts";
import { countEvents, readCounters } from "./stored-rows.ts";

describe("calls with an idempotency key", () => {
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

  it("R13: a repeat gets the first event and the status as of then, marked replayed, and changes nothing", async () => {
    const { tenantId } = await tenantOn(app, soft("items", 5n));
    const request = { tenantId, metricCode: "items", amount: 4n, idempotencyKey: "first", metadata: { order: 17 } };
    const first = await app.quota.recordUsage(request);
    expect(first).toMatchObject({ replayed: false, overLimit: false, event: { idempotencyKey: "first" } });
    const over = { ...request, idempotencyKey: "second" };
    const second = await app.quota.recordUsage(over);
    expect(second).toMatchObject({ replayed: false, overLimit: true, status: { current: 8n, remaining: -3n } });
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n });

    for (let repeat = 0; repeat < 3; repeat += 1) {
      expect(await app.quota.recordUsage(request)).toEqual({ ...first, replayed: true });
      expect(await app.quota.recordUsage(over)).toEqual({ ...second, replayed: true });
    }
    expect(await readCounters(app.database, tenantId)).toMatchObject([{ current_usage: "9", last_sequence: "3" }]);
    expect(await countEvents(app.database, tenantId)).toBe(3);
  });

  it("R13: a repeat is answered after the limit is exhausted and after it has been lowered", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n));
    const request = { tenantId, metricCode: "items", amount: 5n, idempotencyKey: "all of it" };
    const first = await app.quota.recordUsage(request);
    expect(await app.quota.recordUsage(request)).toEqual({ ...first, replayed: true });
    expect(await reasonOf(app.quota.recordUsage({ ...request, idempotencyKey: "more" }))).toBe("QUOTA_EXCEEDED");
    await setLimits(app, planCode, soft("items", 1n, PeriodKind.DAY));
    await app.subscriptions.putLimitOverride({ override: { tenantId, metricCode: "items", unlimited: true } });
    expect(await app.quota.recordUsage(request)).toEqual({ ...first, replayed: true });
    expect(first.status).toMatchObject({ limit: 5n, remaining: 0n, enforcement: LimitEnforcement.HARD });
    expect(await readRefusals(app.database.superuserUrl, tenantId)).toMatchObject([{ count: 1n }]);
  });

  it("R13: a repeat is answered after plan and subscription are gone", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n));
    const requested = await newPlan(app, hard("items", 5n));
    const subscribed = { tenantId, metricCode: "items", amount: 1n, idempotencyKey: "subscribed" };
    const named = { ...subscribed, idempotencyKey: "named", planCode: requested };
    const [first, second] = [await app.quota.recordUsage(subscribed), await app.quota.recordUsage(named)];
    await app.subscriptions.deleteSubscription({ tenantId });
    for (const code of [planCode, requested]) await app.plans.deletePlan({ code });

    expect(await app.quota.recordUsage(subscribed)).toEqual({ ...first, replayed: true });
    expect(await app.quota.recordUsage(named)).toEqual({ ...second, replayed: true });
    expect(second.event).toMatchObject({ limitSource: LimitSource.REQUESTED_PLAN, requestedPlanCode: requested });
    expect(await reasonOf(app.quota.recordUsage({ ...subscribed, idempotencyKey: "new" }))).toBe("NO_PLAN");
    expect(await reasonOf(app.quota.recordUsage({ ...named, idempotencyKey: "new" }))).toBe("PLAN_NOT_FOUND");
    expect(await reasonOf(app.quota.recordUsage({ ...named, amount: 2n }))).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  it("R13: a repeat in the next period gets the first period's event, and starts no counter", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n, PeriodKind.HOUR));
    const request = { tenantId, metricCode: "items", amount: 5n, idempotencyKey: "a" };
    const first = await app.quota.recordUsage(request);
    await app.setClock(moment + 32 * 24 * 60 * 60 * 1_000);
    expect(await app.quota.recordUsage(request)).toEqual({ ...first, replayed: true });
    expect(await readCounters(app.database, tenantId)).toHaveLength(1);
    expect((await app.quota.getStatus({ tenantId })).metrics).toMatchObject([{ current: 0n }]);
  });

  it("R13: a repeat finds its event whatever metadata, limit and period it has", async () => {
    const { tenantId } = await tenantOn(app, unlimited("items", PeriodKind.LIFETIME));
    const numbers = [0.1 + 0.2, 1e21, -1e-7, 5e-324, Number.MAX_VALUE, -0, 2 ** 53, 1 / 3];
    const odd = { "": null, 'quote"\\': "\u2028\u{1f600}\u007f", numbers, nested: { a: [[], {}, ""], ü: true } };
    for (const [index, metadata] of [{}, odd, { amount: 1 }].entries()) {
      const request = { tenantId, metricCode: "items", amount: 1n, idempotencyKey: `key-${index}`, metadata };
      const first = await app.quota.recordUsage(request);
      expect(await app.quota.recordUsage(request)).toEqual({ ...first, replayed: true });
      const { events } = await app.quota.listEvents({ tenantId, pageSize: 1 });
      expect(events).toEqual([first.event]);
    }
  });

  const original = { metricCode: "items", amount: 2n, metadata: { a: 1, b: [1, 2] }, idempotencyKey: "k" };

  it.each<[string, { metricCode?: string; amount?: bigint; metadata?: JsonObject; planCode?: string }]>([
    ["metric", { metricCode: "others" }],
    ["amount", { amount: 3n }],
    ["value in the metadata", { metadata: { a: 2, b: [1, 2] } }],
    ["type in the metadata", { metadata: { a: "1", b: [1, 2] } }],
    ["order of a list in the metadata", { metadata: { a: 1, b: [2, 1] } }],
    ["member more in the metadata", { metadata: { a: 1, b: [1, 2], c: null } }],
    ["choice of no metadata", { metadata: {} }],
    ["plan_code, though it is the subscribed plan", { planCode: "replayed-plan" }],
    ["plan_code, which does not exist", { planCode: "no-such-plan" }],
  ])("R13: the same key with another %s is IDEMPOTENCY_KEY_REUSED, and records nothing", async (_, fields) => {
    await app.plans.createPlan({ plan: { code: "replayed-plan", limits: [hard("items", 9n), hard("others", 9n)] } });
    const tenantId = aTenant();
    await subscribe(app, tenantId, "replayed-plan");
    const { event } = await app.quota.recordUsage({ tenantId, ...original });
    expect(await refused(app.quota.recordUsage({ tenantId, ...original, ...fields }))).toEqual({
      code: "ALREADY_EXISTS",
      reason: "IDEMPOTENCY_KEY_REUSED",
      numbers: { idempotency_key: "k", event_id: event?.id },
    });
    expect(await countEvents(app.database, tenantId)).toBe(1);
    expect((await app.quota.recordUsage({ tenantId, ...original })).replayed).toBe(true);
  });

  it("R13: leaving out a plan_code that was named is other content, too", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 9n));
    await app.quota.recordUsage({ tenantId, ...original, planCode });
    expect(await reasonOf(app.quota.recordUsage({ tenantId, ...original }))).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  it("R13: metadata that differs in the order of names and the spelling of numbers is the same content", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 9n));
    const spelled = (text: string) => JSON.parse(text) as JsonObject;
    const request = { tenantId, metricCode: "items", amount: 1n, idempotencyKey: "k" };
    const first = await app.quota.recordUsage({
      ...request,
      metadata: spelled('{"a": 100, "b": {"x": 0, "y": [1.5, {"p": 1, "q": 2}]}, "10": 1, "9": 2, "ä": "\\u00e4"}'),
    });
    const metadata = spelled('{"ä":"ä", "9":2.0, "b":{"y":[15e-1,{"q":2,"p":1.0}],"x":-0}, "10":1, "a":1e2}');
    expect(await app.quota.recordUsage({ ...request, metadata })).toEqual({ ...first, replayed: true });
  });

  it("R13: no metadata and empty metadata are the same content", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 9n));
    const request = { tenantId, metricCode: "items", amount: 1n, idempotencyKey: "k" };
    const first = await app.quota.recordUsage(request);
    expect(first.event?.metadata).toEqual({});
    expect((await app.quota.recordUsage({ ...request, metadata: {} })).replayed).toBe(true);
  });

  it("R13: a refusal is not remembered: the retry is decided anew, with other content if need be", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n));
    const request = { tenantId, metricCode: "items", amount: 6n, idempotencyKey: "k" };
    for (let repeat = 0; repeat < 2; repeat += 1) {
      expect(await reasonOf(app.quota.recordUsage(request))).toBe("QUOTA_EXCEEDED");
    }
    expect(await readRefusals(app.database.superuserUrl, tenantId)).toMatchObject([{ count: 2n }]);
    await setLimits(app, planCode, hard("items", 10n));
    const admitted = await app.quota.recordUsage({ ...request, amount: 7n });
    expect(admitted).toMatchObject({ replayed: false, event: { amount: 7n, sequence: 1n } });
    expect(await reasonOf(app.quota.recordUsage(request))).toBe("IDEMPOTENCY_KEY_REUSED");

    const missing = { tenantId, metricCode: "later", amount: 1n, idempotencyKey: "l" };
    expect(await reasonOf(app.quota.recordUsage(missing))).toBe("METRIC_NOT_IN_PLAN");
    await setLimits(app, planCode, hard("later", 1n));
    expect((await app.quota.recordUsage(missing)).replayed).toBe(false);
  });

  it("R13: a key's scope is its tenant, and within it all metrics", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard("items", 5n), hard("others", 5n));
    const neighbour = aTenant();
    await subscribe(app, neighbour, planCode);
    const request = { metricCode: "items", amount: 1n, idempotencyKey: "k" };
    const first = await app.quota.recordUsage({ ...request, tenantId });
    const second = await app.quota.recordUsage({ ...request, tenantId: neighbour, amount: 2n });
    expect(second).toMatchObject({ replayed: false, event: { tenantId: neighbour, amount: 2n } });
    expect(second.event?.id).not.toBe(first.event?.id);
    expect((await app.quota.recordUsage({ ...request, tenantId: tenantId.toUpperCase() })).event).toEqual(first.event);
    const other = { ...request, tenantId, metricCode: "others" };
    expect(await reasonOf(app.quota.recordUsage(other))).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  it("R13: twenty tenants that use one key at once each get an event of their own, and replay it", async () => {
    const planCode = await newPlan(app, hard("items", 5n));
    const tenants = Array.from({ length: 20 }, aTenant);
    const useAll = () =>
      Promise.all(
        tenants.map((tenantId, index) => {
          const amount = BigInt(1 + (index % 2));
          return app.quota.recordUsage({ tenantId, metricCode: "items", amount, planCode, idempotencyKey: "shared" });
        }),
      );
    const first = await useAll();
    expect(first.map((answer) => answer.event?.tenantId)).toEqual(tenants);
    expect(first.map((answer) => answer.replayed)).toEqual(tenants.map(() => false));
    expect(await useAll()).toEqual(first.map((answer) => ({ ...answer, replayed: true })));
  });

  it("R13: keys that differ in case or in blanks are different keys", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 9n));
    for (const idempotencyKey of ["Key", "key", "key ", " key", " ", "k%y", "k'y", 'k"y', "k\\y"]) {
      const answer = await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n, idempotencyKey });
      expect(answer).toMatchObject({ replayed: false, event: { idempotencyKey } });
    }
    expect(await countEvents(app.database, tenantId)).toBe(9);
  });

  it("R13: a request that is malformed is refused before its key is looked up", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 9n));
    await app.quota.recordUsage({ tenantId, ...original });
    expect(await reasonOf(app.quota.recordUsage({ tenantId, ...original, amount: 0n }))).toBe("INVALID_REQUEST");
  });

  it("R13: without a key every call counts", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 9n));
    const answers = [1, 2, 3].map(() => app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n }));
    for (const answer of await Promise.all(answers)) {
      expect(answer.replayed).toBe(false);
      expect(answer.event?.idempotencyKey).toBeUndefined();
    }
    expect(await readCounters(app.database, tenantId)).toMatchObject([{ current_usage: "3", last_sequence: "3" }]);
  });
});
