import { afterAll, beforeAll, expect, it } from "vitest";
import type { UsageEvent } from "../../src/domain/usage-event.ts";
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

async function eventsOf(tenantId: string): Promise<UsageEvent[]> {
  return await storage.events.list({ tenantId, order: "OLDEST_FIRST" }, undefined, 10);
}

/** Each a defect of ours. Taken for a lost connection it would be tried again, and its COMMIT sent without what it was to write. */
it.each<[string, (tenantId: string) => UsageChanges, string]>([
  ["an id that is none", (tenantId) => newUsage(aUsage({ tenantId }, { id: "none" })), "no lower-case UUID"],
  ["an instant that is none", (tenantId) => newUsage(aUsage({ tenantId, periodEnd: Number.NaN })), "NaN is no instant"],
  ["an odd hour", (tenantId) => usageChanges({ refusals: [aRefusal({ tenantId, hour: 0.5 })] }), "0.5 is no instant"],
])("changes that cannot be sent, %s, fail as what they are, and nothing is written", async (_, changesOf, message) => {
  const tenantId = aTenant();
  const changes = changesOf(tenantId);
  await expect(write(storage, changes)).rejects.toThrow(message);
  expect(await storage.readRefusals(tenantId)).toEqual([]);
  expect(await eventsOf(tenantId)).toEqual([]);
  // Others go on, and so does the tenant whose counter was locked.
  const usages = [aUsage({ tenantId }), aUsage()];
  await write(storage, newUsage(...usages));
  for (const { record } of usages) expect(await eventsOf(record.tenantId)).toHaveLength(1);
});
