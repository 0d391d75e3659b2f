import { afterAll, beforeAll, describe } from "vitest";
import type { StoragePromises, StorageUnderTest } from "./storage-under-test.ts";
import { describeUsageAtomicity } from "./usage-atomicity.ts";
import { describeUsageDecisionBasis } from "./usage-decision-basis.ts";
import { describeUsageEvents } from "./usage-events.ts";
import { describeUsageExactness } from "./usage-exactness.ts";
import { describeUsageIsolation } from "./usage-isolation.ts";
import { describeUsageLocking } from "./usage-locking.ts";
import { describeUsageRecords } from "./usage-records.ts";
import { describeUsageSnapshot } from "./usage-snapshot.ts";

/** What every implementation of the usage ports guarantees: the unit of work, the counters and the events. */
export function describeUsageStorage(
  name: string,
  makeStorage: () => Promise<StorageUnderTest>,
  promises: StoragePromises = {},
): void {
  describe(`usage storage: ${name}`, () => {
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

    describe("atomicity", () => describeUsageAtomicity(storage));
    describe("isolation", () => describeUsageIsolation(storage));
    describe("locking", () => describeUsageLocking(storage, promises));
    describe("records", () => describeUsageRecords(storage));
    describe("decision basis", () => describeUsageDecisionBasis(storage));
    describe("snapshot", () => describeUsageSnapshot(storage));
    describe("events", () => describeUsageEvents(storage));
    describe("exactness", () => describeUsageExactness(storage));
  });
}
