import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { minuteMs } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, setLimits, soft, tenantOn, unlimited } from "./fixtures.ts";

/** pino's number for a warning. */
const warnLevel = 40;
const secondMs = 1_000;

describe("warnings about SOFT limits", () => {
  const start = Date.UTC(2027, 2, 10, 12);
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  beforeEach(async () => {
    await app.setClock(start);
  });

  afterAll(async () => {
    await app.stop();
  });

  /** The numbers of every warning about the tenant, in their order. */
  const warningsAbout = (tenantId: string) =>
    app.logged
      .filter((line) => line["level"] === warnLevel && line["tenantId"] === tenantId)
      .map(({ metricCode, planCode, limit, current, eventsOverLimit }) => ({
        metricCode,
        planCode,
        limit,
        current,
        eventsOverLimit,
      }));

  it("R2: the crossing is warned about once, with its numbers, and reaching the limit is not", async () => {
    const { tenantId, planCode } = await tenantOn(app, soft("items", 10n));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 10n });
    expect(warningsAbout(tenantId)).toEqual([]);
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 3n });
    expect(warningsAbout(tenantId)).toEqual([
      { metricCode: "items", planCode, limit: "10", current: "13", eventsOverLimit: 1 },
    ]);
  });

  it("R2: after the crossing one warning comes per minute at most, and counts the events it stands for", async () => {
    const { tenantId } = await tenantOn(app, soft("items", 1n));
    const useAt = async (milliseconds: number) => {
      await app.setClock(start + milliseconds);
      await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 2n });
    };
    const counts = () => warningsAbout(tenantId).map(({ current, eventsOverLimit }) => [current, eventsOverLimit]);

    await useAt(0);
    for (const seconds of [0, 1, 30]) await useAt(seconds * secondMs);
    await useAt(minuteMs - 1);
    expect(counts()).toEqual([["2", 1]]);

    await useAt(minuteMs);
    expect(counts()).toEqual([
      ["2", 1],
      ["12", 5],
    ]);

    await useAt(2 * minuteMs - 1);
    await useAt(2 * minuteMs);
    await useAt(10 * minuteMs);
    expect(counts()).toEqual([
      ["2", 1],
      ["12", 5],
      ["16", 2],
      ["18", 1],
    ]);
  });

  it("R2: each counter is warned about by itself", async () => {
    const { tenantId } = await tenantOn(app, soft("first", 1n), soft("second", 1n));
    const { tenantId: other } = await tenantOn(app, soft("first", 1n));
    for (const metricCode of ["first", "second"]) {
      await app.quota.recordUsage({ tenantId, metricCode, amount: 2n });
      await app.quota.recordUsage({ tenantId, metricCode, amount: 2n });
    }
    await app.quota.recordUsage({ tenantId: other, metricCode: "first", amount: 5n });
    expect(warningsAbout(tenantId)).toMatchObject([
      { metricCode: "first", current: "2" },
      { metricCode: "second", current: "2" },
    ]);
    expect(warningsAbout(other)).toMatchObject([{ metricCode: "first", current: "5" }]);
  });

  it("R2: the next period's crossing is warned about anew", async () => {
    const { tenantId } = await tenantOn(app, soft("items", 1n));
    await app.setClock(Date.UTC(2027, 3, 1) - 1);
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 2n });
    await app.setClock(Date.UTC(2027, 3, 1));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n });
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n });
    expect(warningsAbout(tenantId)).toMatchObject([
      { current: "2", eventsOverLimit: 1 },
      { current: "2", eventsOverLimit: 1 },
    ]);
  });

  it("R2: a replay warns of nothing, and is not counted in a later warning", async () => {
    const { tenantId } = await tenantOn(app, soft("items", 1n));
    const crossing = { tenantId, metricCode: "items", amount: 2n, idempotencyKey: "crossing" };
    await app.quota.recordUsage(crossing);
    for (const milliseconds of [0, minuteMs, 5 * minuteMs]) {
      await app.setClock(start + milliseconds);
      expect(await app.quota.recordUsage(crossing)).toMatchObject({ replayed: true, overLimit: true });
    }
    expect(warningsAbout(tenantId)).toHaveLength(1);
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n });
    expect(warningsAbout(tenantId)).toMatchObject([{ eventsOverLimit: 1 }, { current: "3", eventsOverLimit: 1 }]);
  });

  it("R2: a SOFT limit that was lowered below the usage warns at the next use", async () => {
    const { tenantId, planCode } = await tenantOn(app, soft("items", 10n));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 8n });
    await setLimits(app, planCode, soft("items", 5n));
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n });
    expect(warningsAbout(tenantId)).toMatchObject([{ limit: "5", current: "9", eventsOverLimit: 1 }]);
  });

  it("R2: concurrent uses above a limit warn once and lose no count", async () => {
    const { tenantId } = await tenantOn(app, soft("items", 5n));
    const use = () => app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n });
    await Promise.all(Array.from({ length: 30 }, use));
    expect(warningsAbout(tenantId)).toMatchObject([{ current: "6", eventsOverLimit: 1 }]);
    await app.setClock(start + minuteMs);
    await use();
    expect(warningsAbout(tenantId)).toMatchObject([{}, { current: "31", eventsOverLimit: 25 }]);
  });

  it("R2: HARD and unlimited metrics warn of nothing", async () => {
    const { tenantId } = await tenantOn(app, hard("hard", 1n), unlimited("free"));
    await app.quota.recordUsage({ tenantId, metricCode: "hard", amount: 1n });
    await app.quota.recordUsage({ tenantId, metricCode: "hard", amount: 1n }).catch(() => undefined);
    await app.quota.recordUsage({ tenantId, metricCode: "free", amount: 1_000n });
    expect(warningsAbout(tenantId)).toEqual([]);
  });
});
