import type { EpochMilliseconds } from "../../../src/domain/instant.ts";
import type { UsageRefusal } from "../../../src/domain/usage-refusal.ts";
import type { AdminStorage } from "../../../src/repositories/admin/admin-storage.ts";
import type { ApiKeyDirectory } from "../../../src/repositories/api-key-directory.ts";
import type { ApiKeyUnitOfWork } from "../../../src/repositories/api-key-repository.ts";
import type { ControlUnitOfWork } from "../../../src/repositories/control-unit-of-work.ts";
import type { UsageEventRepository } from "../../../src/repositories/usage-event-repository.ts";
import type { UsageRepository } from "../../../src/repositories/usage-repository.ts";
import type { UsageUnitOfWork } from "../../../src/repositories/usage-unit-of-work.ts";

/** The ports on one storage. It may hold anything already: the suite asks about its own tenants and codes only. */
export interface StorageUnderTest {
  readonly usageUnitOfWork: UsageUnitOfWork;
  readonly usage: UsageRepository;
  readonly events: UsageEventRepository;
  readonly control: ControlUnitOfWork;
  readonly admin: AdminStorage;
  readonly apiKeys: ApiKeyUnitOfWork;
  readonly apiKeyDirectory: ApiKeyDirectory;
  /** Stops the storage's clock at this instant; work that waits for a lock must see it when it gets the lock. */
  setClock(instant: EpochMilliseconds): Promise<void> | void;
  /** Every stored refusal of the tenant, in any order. No port reads them yet. */
  readRefusals(tenantId: string): Promise<readonly UsageRefusal[]>;
  close(): Promise<void>;
}

/** What an implementation promises beyond the ports. */
export interface StoragePromises {
  /** Units of work on different counters do not wait for each other. */
  readonly countersAreLockedApart?: boolean;
}

/** Gives the storage of the running suite, which exists only once its tests run. */
export type CurrentStorage = () => StorageUnderTest;
