import { describe, expect, it } from "vitest";
import { counterMax } from "../../../src/domain/bounds.ts";
import type { LimitOverride } from "../../../src/domain/limit-override.ts";
import type { LimitOverridePosition } from "../../../src/repositories/limit-override-repository.ts";
import { aLimitOverride, aMoment, aTenant } from "../../support/builders.ts";
import { readAs } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** Metric codes in their one order, by UTF-16 code unit; a database that sorts by language puts them otherwise. */
const sortedMetrics = ["m-b", "m.b", "m1", "m_b", "ma-c", "ma.b", "ma_a", "maa", "mb"];

export function describeLimitOverrides(storage: CurrentStorage): void {
  async function put(...overrides: readonly LimitOverride[]): Promise<LimitOverride[]> {
    const tenantIds = overrides.map(({ tenantId }) => tenantId);
    return await storage().control.change(tenantIds, async (store) => {
      const stored: LimitOverride[] = [];
      for (const override of overrides) stored.push(await store.overrides.put(override));
      return stored;
    });
  }

  async function listOf(tenantId: string): Promise<LimitOverride[]> {
    return await readAs(storage(), [tenantId], (store) => store.overrides.list({ tenantId }, undefined, 1_000));
  }

  describe("putting an override", () => {
    it.each<[string, Partial<LimitOverride>]>([
      ["with a limit alone", { limit: 0n }],
      ["with the largest limit", { limit: counterMax }],
      ["without a limit: unlimited", { limit: null }],
      ["with an enforcement", { enforcement: "SOFT" }],
      ["with an end", { expiresAt: aMoment + 123 }],
      ["with everything", { enforcement: "HARD", expiresAt: aMoment + 1, reason: "Vertrag „A“ \u{1f4c4}" }],
      ["with times of its own", { createdAt: aMoment - 3, updatedAt: aMoment - 1 }],
    ])("%s creates it, and it comes back exactly", async (_, fields) => {
      const override = aLimitOverride(fields);
      expect(await put(override)).toStrictEqual([override]);
      expect(await listOf(override.tenantId)).toStrictEqual([override]);
    });

    it("replaces an existing one, keeps its creation time, and returns what is stored", async () => {
      const original = aLimitOverride({ enforcement: "SOFT", expiresAt: aMoment + 1 });
      const { tenantId, metricCode, createdAt } = original;
      const next = aLimitOverride({
        tenantId,
        metricCode,
        limit: null,
        reason: "another reason",
        createdAt: aMoment + 5,
        updatedAt: aMoment + 5,
      });
      await put(original);
      expect(await put(next)).toStrictEqual([{ ...next, createdAt }]);
      expect(await listOf(tenantId)).toStrictEqual([{ ...next, createdAt }]);
    });

    it("touches neither the same metric of another tenant nor another metric of the same", async () => {
      const override = aLimitOverride();
      const [otherMetric, otherTenant] = [
        aLimitOverride({ tenantId: override.tenantId }),
        aLimitOverride({ metricCode: override.metricCode }),
      ];
      await put(override, otherMetric, otherTenant);
      await put({ ...override, limit: 1n });
      expect(await listOf(override.tenantId)).toContainEqual({ ...override, limit: 1n });
      expect(await listOf(override.tenantId)).toContainEqual(otherMetric);
      expect(await listOf(otherTenant.tenantId)).toEqual([otherTenant]);
    });

    it("needs neither a subscription nor a plan with the metric, and is seen in its transaction at once", async () => {
      const override = aLimitOverride();
      const { tenantId } = override;
      const found = await storage().control.change([tenantId], async (store) => {
        await store.overrides.put(override);
        return await store.overrides.list({ tenantId }, undefined, 10);
      });
      expect(found).toEqual([override]);
    });

    it("keeps one that has expired until it is removed", async () => {
      const expired = aLimitOverride({ expiresAt: aMoment - 1 });
      await storage().setClock(aMoment);
      await put(expired);
      expect(await listOf(expired.tenantId)).toEqual([expired]);
    });
  });

  describe("finding an override", () => {
    it("finds the one of the tenant and metric, and none where there is none", async () => {
      const override = aLimitOverride();
      const { tenantId, metricCode } = override;
      const otherTenant = aLimitOverride({ metricCode });
      await put(override, aLimitOverride({ tenantId }), otherTenant);
      const find = (position: LimitOverridePosition) =>
        storage().control.readAllTenants((store) => store.overrides.find(position));
      expect(await find({ tenantId, metricCode })).toStrictEqual(override);
      expect(await find({ tenantId: otherTenant.tenantId, metricCode })).toStrictEqual(otherTenant);
      expect(await find({ tenantId, metricCode: "absent" })).toBeUndefined();
      expect(await find({ tenantId: aTenant(), metricCode })).toBeUndefined();
    });

    it("sees every change of its own transaction at once, though it had read before", async () => {
      const override = aLimitOverride({ enforcement: "SOFT", expiresAt: aMoment + 1 });
      const { tenantId, metricCode } = override;
      const changed = aLimitOverride({ tenantId, metricCode, limit: 0n, reason: "changed" });
      const seen = await storage().control.change([tenantId], async ({ overrides }) => {
        const look = async () => [await overrides.find(override), await overrides.list({ tenantId }, undefined, 10)];
        const absent = await look();
        await overrides.put(override);
        const created = await look();
        await overrides.put(changed);
        const replaced = await look();
        await overrides.delete(override);
        return [absent, created, replaced, await look()];
      });
      expect(seen).toStrictEqual([
        [undefined, []],
        [override, [override]],
        [changed, [changed]],
        [undefined, []],
      ]);
    });
  });

  describe("deleting an override", () => {
    it("removes that one alone", async () => {
      const override = aLimitOverride();
      const [otherMetric, otherTenant] = [
        aLimitOverride({ tenantId: override.tenantId }),
        aLimitOverride({ metricCode: override.metricCode }),
      ];
      await put(override, otherMetric, otherTenant);
      await storage().control.change([override.tenantId], (store) => store.overrides.delete(override));
      expect(await listOf(override.tenantId)).toEqual([otherMetric]);
      expect(await listOf(otherTenant.tenantId)).toEqual([otherTenant]);
    });

    it("changes nothing when it is absent", async () => {
      const position = { tenantId: aTenant(), metricCode: "absent" };
      await storage().control.change([position.tenantId], (store) => store.overrides.delete(position));
      expect(await listOf(position.tenantId)).toEqual([]);
    });
  });

  describe("the list of overrides", () => {
    it("is in the order of tenant ids and then of metric codes, by code unit, in pages without gaps", async () => {
      const tenantIds = [aTenant(), aTenant(), aTenant()].sort();
      const sorted = tenantIds.flatMap((tenantId) =>
        sortedMetrics.map((metricCode) => aLimitOverride({ tenantId, metricCode })),
      );
      await put(...sorted.toReversed());
      const list = (after: LimitOverridePosition | undefined, limit: number) =>
        readAs(storage(), tenantIds, (store) => store.overrides.list({}, after, limit));
      expect(await list(undefined, 1_000)).toStrictEqual(sorted);
      expect(await list(undefined, sorted.length)).toEqual(sorted);
      expect(await list(sorted.at(-1), 10)).toEqual([]);
      for (const [index, override] of sorted.slice(0, -1).entries()) {
        expect(await list(override, 2)).toEqual(sorted.slice(index + 1, index + 3));
      }
    });

    it("follows a position at which there is no override", async () => {
      const tenantId = aTenant();
      const [b, d] = ["b", "d"].map((metricCode) => aLimitOverride({ tenantId, metricCode }));
      if (b === undefined || d === undefined) throw new Error("two overrides");
      await put(b, d);
      const list = (metricCode: string) =>
        readAs(storage(), [tenantId], (store) => store.overrides.list({}, { tenantId, metricCode }, 10));
      expect(await list("a")).toEqual([b, d]);
      expect(await list("c")).toEqual([d]);
      expect(await list("e")).toEqual([]);
    });

    it("is cut down to one tenant when the filter names it, in pages too", async () => {
      const [tenantId, otherTenant] = [aTenant(), aTenant()];
      const own = ["a", "b", "c"].map((metricCode) => aLimitOverride({ tenantId, metricCode }));
      await put(...own, aLimitOverride({ tenantId: otherTenant, metricCode: "b" }));
      const list = (after: LimitOverridePosition | undefined, limit: number) =>
        storage().control.readAllTenants((store) => store.overrides.list({ tenantId }, after, limit));
      expect(await list(undefined, 10)).toStrictEqual(own);
      expect(await list(own[0], 1)).toEqual([own[1]]);
      expect(await list(own[2], 10)).toEqual([]);
    });
  });
}
