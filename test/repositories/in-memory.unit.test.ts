import { inMemoryAdminStorage } from "../../src/repositories/in-memory/admin/in-memory-admin-storage.ts";
import { InMemoryApiKeys } from "../../src/repositories/in-memory/in-memory-api-keys.ts";
import { InMemoryControlUnitOfWork } from "../../src/repositories/in-memory/in-memory-control-unit-of-work.ts";
import { InMemoryStorage } from "../../src/repositories/in-memory/in-memory-storage.ts";
import { InMemoryUsageEventRepository } from "../../src/repositories/in-memory/in-memory-usage-event-repository.ts";
import { InMemoryUsageRepository } from "../../src/repositories/in-memory/in-memory-usage-repository.ts";
import { InMemoryUsageUnitOfWork } from "../../src/repositories/in-memory/in-memory-usage-unit-of-work.ts";
import { aMoment } from "../support/builders.ts";
import { describeAdminStorage } from "./contract/admin-storage.ts";
import { describeControlStorage } from "./contract/control-storage.ts";
import type { StorageUnderTest } from "./contract/storage-under-test.ts";
import { describeUsageStorage } from "./contract/usage-storage.ts";

async function makeStorage(): Promise<StorageUnderTest> {
  let instant = aMoment;
  const storage = new InMemoryStorage(() => instant);
  const apiKeys = new InMemoryApiKeys(() => instant);
  return {
    usageUnitOfWork: new InMemoryUsageUnitOfWork(storage),
    usage: new InMemoryUsageRepository(storage),
    events: new InMemoryUsageEventRepository(storage),
    control: new InMemoryControlUnitOfWork(storage),
    admin: inMemoryAdminStorage(storage),
    apiKeys,
    apiKeyDirectory: apiKeys,
    setClock: (next) => {
      instant = next;
    },
    readRefusals: async (tenantId) => storage.readRefusals(tenantId),
    close: async () => {},
  };
}

describeUsageStorage("in memory", makeStorage);
describeControlStorage("in memory", makeStorage);
describeAdminStorage("in memory", makeStorage);
