import { afterAll, beforeAll, describe } from "vitest";
import { describeApiKeys } from "./api-keys.ts";
import { describeControlChanges } from "./control-changes.ts";
import { describeLimitOverrides } from "./control-overrides.ts";
import { describePlans } from "./control-plans.ts";
import { describeSubscriptions } from "./control-subscriptions.ts";
import { describeControlTransactions } from "./control-transactions.ts";
import type { StorageUnderTest } from "./storage-under-test.ts";

/** What every implementation of the control plane's ports guarantees: plans, subscriptions, overrides and keys. */
export function describeControlStorage(name: string, makeStorage: () => Promise<StorageUnderTest>): void {
  describe(`control storage: ${name}`, () => {
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

    describe("transactions", () => describeControlTransactions(storage));
    describe("plans", () => describePlans(storage));
    describe("subscriptions", () => describeSubscriptions(storage));
    describe("overrides", () => describeLimitOverrides(storage));
    describe("API keys", () => describeApiKeys(storage));
    describe("changes", () => describeControlChanges(storage));
  });
}
