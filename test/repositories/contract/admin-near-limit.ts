import { beforeEach, describe, expect, it } from "vitest";
import { percentUsed, shareUsed, type TenantUsage } from "../../../src/domain/tenant-usage.ts";
import type { NearLimitFilter } from "../../../src/repositories/admin/near-limit-listing.ts";
import {
  aCode,
  aLimitOverride,
  aMoment,
  aPlan,
  aQuotaLimit,
  aSubscription,
  aTenant,
  aUsage,
  dayMs,
  hourMs,
  march,
  newUsage,
} from "../../support/builders.ts";
import { insertPlans, withDefaultPlan, write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

const march10 = { periodKind: "DAY", periodStart: Date.UTC(2026, 2, 10), periodEnd: Date.UTC(2026, 2, 11) } as const;

/** Open counters by the share of their effective limits. */
export function describeNearLimit(storage: CurrentStorage): void {
  let metricCode: string;
  let planCode: string;

  beforeEach(async () => {
    await storage().setClock(aMoment);
    metricCode = aCode("metric");
    planCode = aCode("plan");
    await insertPlans(storage(), aPlan({ code: planCode, limits: [aQuotaLimit({ metricCode, limit: 100n })] }));
  });

  async function subscribe(tenantId: string, code = planCode): Promise<void> {
    await storage().control.change([tenantId], (store) =>
      store.subscriptions.put(aSubscription({ tenantId, planCode: code })),
    );
  }

  async function use(tenantId: string, amount: bigint, fields: Parameters<typeof aUsage>[0] = {}): Promise<void> {
    await write(storage(), newUsage(aUsage({ tenantId, metricCode, ...fields }, { amount, limit: null })));
  }

  /** A subscribed tenant that has used so much in March. */
  async function aTenantWith(amount: bigint): Promise<string> {
    const tenantId = aTenant();
    await subscribe(tenantId);
    await use(tenantId, amount);
    return tenantId;
  }

  async function override(tenantId: string, fields: Partial<Parameters<typeof aLimitOverride>[0]>): Promise<void> {
    await storage().control.change([tenantId], (store) =>
      store.overrides.put(aLimitOverride({ tenantId, metricCode, ...fields })),
    );
  }

  function list(filter: Partial<NearLimitFilter> = {}, after?: TenantUsage, limit = 100) {
    const position =
      after === undefined
        ? undefined
        : { share: shareUsed(after.status), tenantId: after.tenantId, metricCode: after.status.metricCode };
    return storage().admin.nearLimit.list({ metricCode, minPercentUsed: 80, ...filter }, position, limit);
  }

  const tenantsOf = (usages: readonly TenantUsage[]) => usages.map(({ tenantId }) => tenantId);

  it("says how the tenant stands, and where its limit comes from", async () => {
    const tenantId = await aTenantWith(90n);
    const [usage] = await list();
    expect(usage).toStrictEqual({
      tenantId,
      status: {
        metricCode,
        current: 90n,
        limit: 100n,
        enforcement: "HARD",
        periodKind: "MONTH",
        ...march,
        planCode,
        limitSource: "SUBSCRIBED_PLAN",
      },
    });
    expect(usage && percentUsed(usage.status)).toBe(90);
  });

  it("has the highest share first, equal ones by tenant, and begins at the percentage", async () => {
    const [a, b] = [await aTenantWith(95n), await aTenantWith(130n)];
    const equal = [await aTenantWith(80n), await aTenantWith(80n), await aTenantWith(80n)].toSorted();
    const below = await aTenantWith(79n);
    expect(tenantsOf(await list())).toEqual([b, a, ...equal]);
    expect(tenantsOf(await list({ minPercentUsed: 131 }))).toEqual([]);
    expect(tenantsOf(await list({ minPercentUsed: 130 }))).toEqual([b]);
    expect(tenantsOf(await list({ minPercentUsed: 0 }))).toEqual([b, a, ...equal, below]);
  });

  it.each([1, 2, 5])("comes complete and once each in pages of %i", async (pageSize) => {
    const amounts = [80n, 80n, 93n, 100n, 100n];
    for (const amount of amounts) await aTenantWith(amount);
    const listed: TenantUsage[] = [];
    for (let pages = 0; pages < amounts.length + 1; pages += 1) {
      listed.push(...(await list({}, listed.at(-1), pageSize)));
    }
    expect(listed).toEqual(await list());
    expect(listed).toHaveLength(amounts.length);
  });

  it("pages through shares that no fraction writes exactly", async () => {
    await insertPlans(
      storage(),
      aPlan({ code: `${planCode}-thirds`, limits: [aQuotaLimit({ metricCode, limit: 9_007_199_254_740_991n })] }),
    );
    const tenants = Array.from({ length: 4 }, aTenant).toSorted();
    for (const [index, tenantId] of tenants.entries()) {
      await subscribe(tenantId, `${planCode}-thirds`);
      await use(tenantId, 900_000_000_000_000n + BigInt(index % 2));
    }
    const listed: TenantUsage[] = [];
    for (let pages = 0; pages < 5; pages += 1) listed.push(...(await list({ minPercentUsed: 1 }, listed.at(-1), 1)));
    expect(tenantsOf(listed)).toEqual([tenants[1], tenants[3], tenants[0], tenants[2]]);
  });

  describe("the effective limit", () => {
    it("is an override's before the plan's, and its enforcement with it", async () => {
      const tenantId = await aTenantWith(90n);
      await override(tenantId, { limit: 45n, enforcement: "SOFT" });
      expect((await list())[0]?.status).toMatchObject({ limit: 45n, enforcement: "SOFT", limitSource: "OVERRIDE" });
      await override(tenantId, { limit: 900n });
      expect(await list()).toEqual([]);
      await override(tenantId, { limit: null });
      expect(await list({ minPercentUsed: 0 })).toEqual([]);
    });

    it("is no longer an override's from the instant on at which it expires", async () => {
      const tenantId = await aTenantWith(90n);
      await override(tenantId, { limit: 1_000n, expiresAt: aMoment + hourMs });
      await storage().setClock(aMoment + hourMs - 1);
      expect(await list()).toEqual([]);
      await storage().setClock(aMoment + hourMs);
      expect((await list())[0]?.status).toMatchObject({ limit: 100n, limitSource: "SUBSCRIBED_PLAN" });
    });

    it("is the default plan's without a subscription, and none without either", async () => {
      const tenantId = aTenant();
      await use(tenantId, 50n);
      expect(await list()).toEqual([]);
      const plan = aPlan({ limits: [aQuotaLimit({ metricCode, limit: 50n, enforcement: "SOFT" })] });
      await withDefaultPlan(storage(), plan, async () => {
        const [usage] = await list();
        expect(usage?.status).toMatchObject({ limit: 50n, limitSource: "DEFAULT_PLAN", planCode: plan.code });
      });
    });

    it("of 0 counts as 1", async () => {
      const tenantId = await aTenantWith(3n);
      await override(tenantId, { limit: 0n });
      const [usage] = await list();
      expect(usage && percentUsed(usage.status)).toBe(300);
    });

    it("that is unlimited, or of a metric that the plan lacks, is left out", async () => {
      const [unlimited, lacking] = [aTenant(), aTenant()];
      const codes = [aCode("plan"), aCode("plan")] as const;
      await insertPlans(
        storage(),
        aPlan({ code: codes[0], limits: [aQuotaLimit({ metricCode, limit: null })] }),
        aPlan({ code: codes[1] }),
      );
      for (const [index, tenantId] of [unlimited, lacking].entries()) {
        await subscribe(tenantId, codes[index]);
        await use(tenantId, 1_000n);
      }
      expect(await list({ minPercentUsed: 0 })).toEqual([]);
      await override(lacking, { limit: 5n });
      expect(await list({ minPercentUsed: 0 })).toEqual([]);
    });
  });

  describe("the open period", () => {
    it("has ended at its end, and the counter with it", async () => {
      const tenantId = await aTenantWith(90n);
      await storage().setClock(march.periodEnd - 1);
      expect(tenantsOf(await list())).toEqual([tenantId]);
      await storage().setClock(march.periodEnd);
      expect(await list()).toEqual([]);
    });

    it("is of the plan's kind", async () => {
      const tenantId = aTenant();
      await subscribe(tenantId);
      await use(tenantId, 95n, march10);
      expect(await list()).toEqual([]);
      await use(tenantId, 90n, { ordinal: 2n });
      expect((await list()).map(({ status }) => status.current)).toEqual([90n]);
    });

    it("is the later one after the clock stepped back over its beginning", async () => {
      const tenantId = await aTenantWith(95n);
      const april = { periodStart: march.periodEnd, periodEnd: Date.UTC(2026, 4, 1) };
      await use(tenantId, 85n, { ...april, ordinal: 2n, createdAt: march.periodEnd + dayMs });
      await storage().setClock(march.periodEnd - 1);
      expect((await list()).map(({ status }) => status.current)).toEqual([85n]);
    });
  });

  it("has all metrics when none is named", async () => {
    const tenantId = await aTenantWith(100_000n);
    const found = await storage().admin.nearLimit.list({ minPercentUsed: 1_000 }, undefined, 1_000);
    expect(tenantsOf(found)).toContain(tenantId);
  });
}
