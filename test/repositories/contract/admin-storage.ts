import { afterAll, beforeAll, describe } from "vitest";
import { describeTenantsEvents } from "./admin-events.ts";
import { describeNearLimit } from "./admin-near-limit.ts";
import { describeUsageRecordListing } from "./admin-records.ts";
import { describeRefusalListing } from "./admin-refusals.ts";
import { describeUsageSeries } from "./admin-series.ts";
import type { StorageUnderTest } from "./storage-under-test.ts";

/** What every implementation of the reads across tenants guarantees. */
export function describeAdminStorage(name: string, makeStorage: () => Promise<StorageUnderTest>): void {
  describe(`admin storage: ${name}`, () => {
    let current: StorageUnderTest | undefined;
    const storage = (): StorageUnderTest => {
      if (current === undefined) throw new Error("the storage exists only while tests run");
      return current;
    };

    beforeAll(async () => {
      current = await makeStorage();
    });

    afterAll(async () => {
      await current?.close();
    });

    describe("usage records", () => describeUsageRecordListing(storage));
    describe("events of all tenants", () => describeTenantsEvents(storage));
    describe("refusals", () => describeRefusalListing(storage));
    describe("tenants near their limits", () => describeNearLimit(storage));
    describe("usage series", () => describeUsageSeries(storage));
  });
}
