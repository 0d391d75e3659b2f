import { beforeEach, expect, it } from "vitest";
import { compareText } from "../../../src/domain/compare-text.ts";
import { refusalHour, type UsageRefusal } from "../../../src/domain/usage-refusal.ts";
import type { RefusalFilter } from "../../../src/repositories/admin/refusal-listing.ts";
import { aCode, aMoment, aRefusal, aTenant, hourMs, usageChanges } from "../../support/builders.ts";
import { write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** Refusals of all tenants, the latest hour first. */
export function describeRefusalListing(storage: CurrentStorage): void {
  let metricCode: string;
  let tenantId: string;
  /** In the order of the listing: three hours, in each of them three tenants. */
  let refusals: readonly UsageRefusal[];

  beforeEach(async () => {
    metricCode = aCode("metric");
    const tenants = Array.from({ length: 3 }, aTenant);
    tenantId = tenants[0] ?? "";
    const made = [0, 1, 2].flatMap((hours) =>
      tenants.map((owner) =>
        aRefusal({
          tenantId: owner,
          metricCode,
          lastRefusedAt: aMoment - hours * hourMs,
          count: BigInt(1 + hours),
          lastAmount: 7n,
          lastCurrent: 99n,
        }),
      ),
    );
    for (const refusal of made) await write(storage(), usageChanges({ refusals: [refusal] }));
    refusals = made.toSorted((a, b) => b.hour - a.hour || compareText(a.tenantId, b.tenantId));
  });

  function list(filter: Partial<RefusalFilter>, after?: UsageRefusal, limit = 1_000) {
    return storage().admin.refusals.list({ metricCode, ...filter }, after, limit);
  }

  it("are listed with the latest hour first, and in an hour by tenant", async () => {
    expect(await list({})).toStrictEqual(refusals);
  });

  it("of one tenant are listed by metric within an hour", async () => {
    const other = aRefusal({ tenantId, metricCode: aCode("aa") });
    await write(storage(), usageChanges({ refusals: [other] }));
    const own = refusals.filter((refusal) => refusal.tenantId === tenantId);
    expect(await storage().admin.refusals.list({ tenantId }, undefined, 10)).toEqual([other, ...own]);
    expect(await list({ tenantId })).toEqual(own);
    expect(await storage().admin.refusals.list({ tenantId }, other, 10)).toEqual(own);
  });

  it("begin at an hour, which is included, and end before another", async () => {
    const hour = refusalHour(aMoment) - hourMs;
    expect(await list({ hourFrom: hour })).toEqual(refusals.slice(0, 6));
    expect(await list({ hourFrom: hour + 1 })).toEqual(refusals.slice(0, 3));
    expect(await list({ hourBefore: hour })).toEqual(refusals.slice(6));
    expect(await list({ hourFrom: hour, hourBefore: hour + 1 })).toEqual(refusals.slice(3, 6));
  });

  it.each([1, 2, 4, 9])("come complete and once each in pages of %i", async (pageSize) => {
    const listed: UsageRefusal[] = [];
    for (let pages = 0; pages < refusals.length + 1; pages += 1) {
      listed.push(...(await list({}, listed.at(-1), pageSize)));
    }
    expect(listed).toEqual(refusals);
  });
}
