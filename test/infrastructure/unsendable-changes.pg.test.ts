import { afterAll, beforeAll, expect, it } from "vitest";
import type { UsageChanges } from "../../src/repositories/usage-unit-of-work.ts";
import { write } from "../repositories/contract/steps.ts";
import type { StorageUnderTest } from "../repositories/contract/storage-under-test.ts";
import { aRefusal, aTenant, aUsage, newUsage, usageChanges } from "../support/builders.ts";
import { makePostgresStorage } from "../support/postgres-storage.ts";

let storage: StorageUnderTest;

beforeAll(async () => {
  storage = await makePostgresStorage();
});

afterAll(async () => {
  await storage.close();
});

const tenantId = aTenant();

/** Each a defect of ours: taken for a lost connection it would be tried again, and its COMMIT sent without what it was to write. */
it.each<[string, UsageChanges, string]>([
  ["an id that is none", newUsage(aUsage({ tenantId }, { id: "none" })), "no lower-case UUID"],
  ["an instant that is none", newUsage(aUsage({ tenantId, periodEnd: Number.NaN })), "NaN is no instant"],
  ["a refusal at no time", usageChanges({ refusals: [aRefusal({ tenantId, hour: 0.5 })] }), "0.5 is no instant"],
])("changes that cannot be sent, %s, fail as what they are, and nothing is written", async (_, changes, message) => {
  await expect(write(storage, changes)).rejects.toThrow(message);
  expect(await storage.readRefusals(tenantId)).toEqual([]);
  // The connection is as good as before.
  const usage = aUsage();
  await write(storage, newUsage(usage));
  const filter = { tenantId: usage.record.tenantId, order: "OLDEST_FIRST" as const };
  expect(await storage.events.list(filter, undefined, 10)).toHaveLength(1);
});
