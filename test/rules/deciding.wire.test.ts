import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LimitEnforcement, LimitSource, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { readRefusals } from "../support/postgres-storage.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { amountMax, counterMax, hard, noon, reasonOf, refused, soft, tenantOn, unlimited } from "./fixtures.ts";
import { countEvents, readCounters } from "./stored-rows.ts";

describe("one decision", () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    await app.setClock(noon);
  });

  afterAll(async () => {
    await app.stop();
  });

  it.each([
    ["one unit at a time", 3n, [1n, 1n]],
    ["in one call", 50n, [49n]],
    ["in the largest amounts", 3n * amountMax, [amountMax, amountMax, amountMax - 1n]],
    ["up to the largest limit", counterMax, [...Array.from({ length: 9 }, () => amountMax), 7_199_254_740_990n]],
  ])(
    "R1: a HARD limit that is neared %s admits limit - 1 and limit, and refuses limit + 1",
    async (_, limit, steps) => {
      const { tenantId } = await tenantOn(app, hard("items", limit));
      const use = (amount: bigint) => app.quota.recordUsage({ tenantId, metricCode: "items", amount });
      let used = 0n;
      for (const amount of steps) {
        used += amount;
        const status = { current: used, limit, remaining: limit - used };
        expect(await use(amount)).toMatchObject({ overLimit: false, status });
      }
      expect(used).toBe(limit - 1n);
      expect(await reasonOf(use(2n))).toBe("QUOTA_EXCEEDED");
      expect(await use(1n)).toMatchObject({ overLimit: false, status: { current: limit, limit, remaining: 0n } });
      expect(await reasonOf(use(1n))).toBe("QUOTA_EXCEEDED");
      const [counter] = await readCounters(app.database, tenantId);
      expect(counter).toMatchObject({ current_usage: `${limit}`, last_sequence: `${steps.length + 1}` });
    },
  );

  it("R1: a first use above a HARD limit is refused as a whole, however large", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 10n));
    for (const amount of [11n, amountMax]) {
      const { numbers } = await refused(app.quota.recordUsage({ tenantId, metricCode: "items", amount }));
      expect(numbers).toMatchObject({ limit: "10", current: "0", requested: `${amount}`, remaining: "10" });
    }
    expect(await readCounters(app.database, tenantId)).toEqual([]);
  });

  it("R1: a limit of 0 refuses every use when HARD, and flags every use when SOFT", async () => {
    const { tenantId } = await tenantOn(app, hard("closed", 0n), soft("counted", 0n));
    expect(await refused(app.quota.recordUsage({ tenantId, metricCode: "closed", amount: 1n }))).toMatchObject({
      reason: "QUOTA_EXCEEDED",
      numbers: { limit: "0", current: "0", requested: "1", remaining: "0" },
    });
    const counted = await app.quota.recordUsage({ tenantId, metricCode: "counted", amount: 1n });
    expect(counted).toMatchObject({ overLimit: true, status: { current: 1n, limit: 0n, remaining: -1n } });
  });

  it("R2: a SOFT limit admits limit - 1, limit and limit + 1, and flags the last alone", async () => {
    const { tenantId } = await tenantOn(app, soft("items", 10n));
    const use = (amount: bigint) => app.quota.recordUsage({ tenantId, metricCode: "items", amount });
    expect(await use(9n)).toMatchObject({ overLimit: false, status: { current: 9n, remaining: 1n } });
    expect(await use(1n)).toMatchObject({ overLimit: false, status: { current: 10n, remaining: 0n } });
    expect(await use(1n)).toMatchObject({
      overLimit: true,
      status: { current: 11n, limit: 10n, remaining: -1n, enforcement: LimitEnforcement.SOFT },
      event: { amount: 1n, sequence: 3n, usageAfter: 11n, limit: 10n, enforcement: LimitEnforcement.SOFT },
    });
    expect(await use(amountMax)).toMatchObject({ overLimit: true, status: { remaining: -1n - amountMax } });
    expect(await readRefusals(app.database.superuserUrl, tenantId)).toEqual([]);
  });

  it("R2: a refusal writes no event and no counter, and leaves an existing counter as it was", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n));
    await reasonOf(app.quota.recordUsage({ tenantId, metricCode: "items", amount: 6n }));
    expect(await readCounters(app.database, tenantId)).toEqual([]);
    expect(await countEvents(app.database, tenantId)).toBe(0);

    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 4n });
    await reasonOf(app.quota.recordUsage({ tenantId, metricCode: "items", amount: 2n, idempotencyKey: "a" }));
    expect(await readCounters(app.database, tenantId)).toEqual([
      { metric_code: "items", period_kind: "MONTH", current_usage: "4", last_sequence: "1" },
    ]);
    expect(await countEvents(app.database, tenantId)).toBe(1);
    const { events } = await app.quota.listEvents({ tenantId });
    expect(events.map((event) => event.amount)).toEqual([4n]);
  });

  it("R2: refusals are counted by tenant, metric and hour, with the numbers of the last one", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n), hard("others", 0n));
    const [firstHour, secondHour] = [Date.UTC(2027, 0, 10, 10), Date.UTC(2027, 0, 10, 11)];
    const refuse = async (metricCode: string, amount: bigint) => {
      expect(await reasonOf(app.quota.recordUsage({ tenantId, metricCode, amount }))).toBe("QUOTA_EXCEEDED");
    };
    try {
      await app.setClock(firstHour + 1);
      await refuse("items", 6n);
      await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 3n });
      await refuse("items", 4n);
      await refuse("others", 1n);
      await app.setClock(secondHour - 1);
      await refuse("items", amountMax);
      await app.setClock(secondHour);
      await refuse("items", 3n);
    } finally {
      await app.setClock(noon);
    }
    const refusals = await readRefusals(app.database.superuserUrl, tenantId);
    const common = { tenantId, metricCode: "items", lastLimit: 5n, lastCurrent: 3n };
    expect(refusals).toHaveLength(3);
    expect(refusals).toEqual(
      expect.arrayContaining([
        { ...common, hour: firstHour, count: 3n, lastAmount: amountMax, lastRefusedAt: secondHour - 1 },
        { ...common, hour: secondHour, count: 1n, lastAmount: 3n, lastRefusedAt: secondHour },
        expect.objectContaining({ metricCode: "others", count: 1n, lastLimit: 0n, lastCurrent: 0n, lastAmount: 1n }),
      ]),
    );
  });

  it("R2: only what a HARD limit refuses is counted as a refusal", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 5n));
    const request = { tenantId, metricCode: "items", amount: 1n };
    await app.quota.recordUsage({ ...request, idempotencyKey: "a" });
    expect(await reasonOf(app.quota.recordUsage({ ...request, metricCode: "none" }))).toBe("METRIC_NOT_IN_PLAN");
    expect(await reasonOf(app.quota.recordUsage({ ...request, planCode: "none" }))).toBe("PLAN_NOT_FOUND");
    expect(await reasonOf(app.quota.recordUsage({ ...request, amount: 0n }))).toBe("INVALID_REQUEST");
    expect(await reasonOf(app.quota.recordUsage({ ...request, amount: 9n, idempotencyKey: "a" }))).toBe(
      "IDEMPOTENCY_KEY_REUSED",
    );
    expect((await app.quota.checkQuota({ ...request, amount: 9n })).allowed).toBe(false);
    expect(await readRefusals(app.database.superuserUrl, tenantId)).toEqual([]);
  });

  it("R2: a hundred refusals at once are all counted", async () => {
    const { tenantId } = await tenantOn(app, hard("items", 0n));
    const instant = Date.UTC(2027, 0, 10, 10, 30);
    await app.setClock(instant);
    const calls = Array.from({ length: 100 }, () =>
      reasonOf(app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n })),
    );
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["QUOTA_EXCEEDED"]));
    await app.setClock(noon);
    expect(await readRefusals(app.database.superuserUrl, tenantId)).toMatchObject([{ count: 100n }]);
  });

  it("R1: an unlimited metric is counted, with limit and remaining absent everywhere", async () => {
    const { tenantId } = await tenantOn(app, unlimited("items"));
    const answer = await app.quota.recordUsage({ tenantId, metricCode: "items", amount: amountMax });
    expect(answer.overLimit).toBe(false);
    expect(answer.status?.current).toBe(amountMax);
    const advice = await app.quota.checkQuota({ tenantId, metricCode: "items", amount: 1n });
    expect(advice).toMatchObject({ wouldExceed: false, allowed: true });
    const { metrics } = await app.quota.getStatus({ tenantId });
    const { events } = await app.quota.listEvents({ tenantId });
    for (const shown of [answer.status, answer.event, advice.status, metrics[0], events[0]]) {
      expect(shown?.limit).toBeUndefined();
      expect(shown).toMatchObject({ metricCode: "items", limitSource: LimitSource.SUBSCRIBED_PLAN });
    }
    for (const shown of [answer.status, advice, advice.status, metrics[0]]) expect(shown?.remaining).toBeUndefined();
  });

  it.each([
    ["an unlimited", unlimited("items", PeriodKind.LIFETIME)],
    ["a SOFT", soft("items", 1n, PeriodKind.YEAR)],
  ])("bounds: %s counter reaches 2^53 - 1 exactly and refuses the next unit as COUNTER_OVERFLOW", async (_, limit) => {
    const { tenantId } = await tenantOn(app, limit);
    const use = (amount: bigint) => app.quota.recordUsage({ tenantId, metricCode: "items", amount });
    for (let call = 0; call < 9; call += 1) await use(amountMax);
    const current = 9n * amountMax;
    const overflow = { code: "OUT_OF_RANGE", reason: "COUNTER_OVERFLOW" };
    const numbers = { metric_code: "items", max: `${counterMax}` };
    expect(await refused(use(amountMax))).toEqual({
      ...overflow,
      numbers: { ...numbers, current: `${current}`, requested: `${amountMax}` },
    });
    const last = await use(counterMax - current);
    expect(last.status?.current).toBe(counterMax);
    expect(last.event).toMatchObject({ usageAfter: counterMax, sequence: 10n });
    const one = { ...overflow, numbers: { ...numbers, current: `${counterMax}`, requested: "1" } };
    expect(await refused(use(1n))).toEqual(one);
    expect(await refused(app.quota.checkQuota({ tenantId, metricCode: "items", amount: 1n }))).toEqual(one);
    expect(await countEvents(app.database, tenantId)).toBe(10);
    expect(await readRefusals(app.database.superuserUrl, tenantId)).toEqual([]);
  });
});
