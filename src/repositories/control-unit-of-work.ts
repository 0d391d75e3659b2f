import type { EpochMilliseconds } from "../domain/instant.ts";
import type { ChangeLog } from "./change-log.ts";
import type { LimitOverrideRepository } from "./limit-override-repository.ts";
import type { PlanRepository } from "./plan-repository.ts";
import type { SubscriptionRepository } from "./subscription-repository.ts";

/** What plans, subscriptions and overrides are read and changed through, within one transaction. */
export interface ControlStore {
  readonly plans: PlanRepository;
  readonly subscriptions: SubscriptionRepository;
  readonly overrides: LimitOverrideRepository;
  readonly changes: ChangeLog;
  /** The storage's clock, which decisions use too (R9). */
  now(): Promise<EpochMilliseconds>;
}

/**
 * The transaction of the control plane: all of the work or nothing is stored, and the next decision anywhere sees it.
 *
 * @throws ConcurrentChangeError nothing was written, may be run again at once
 * @throws StorageUnavailableError nothing was written
 * @throws CommitOutcomeUnknownError it was or was not written, and cannot be found out
 */
export interface ControlUnitOfWork {
  /** Sees and changes plans, and these tenants' subscriptions and overrides. */
  change<T>(tenantIds: readonly string[], work: (store: ControlStore) => Promise<T>): Promise<T>;
  /** Sees all tenants; writing fails. */
  readAllTenants<T>(work: (store: ControlStore) => Promise<T>): Promise<T>;
}
