import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { type CounterKey, counterKeyText } from "../../../src/domain/counter-key.ts";
import type { Plan } from "../../../src/domain/plan.ts";
import type { UsageEvent } from "../../../src/domain/usage-event.ts";
import type { ControlStore } from "../../../src/repositories/control-unit-of-work.ts";
import { ConcurrentChangeError } from "../../../src/repositories/storage-errors.ts";
import type { DecisionQuestion, UsageChanges, UsageLedger } from "../../../src/repositories/usage-unit-of-work.ts";
import type { StorageUnderTest } from "./storage-under-test.ts";

/** Long enough that work which does not wait for a lock would be through. */
export const lockProbeMs = 60;

/** What a test of races may need at most; a race that is lost more often is no race. */
const rerunsMax = 100;

export function question(parts: Partial<DecisionQuestion> = {}): DecisionQuestion {
  return { tenantIds: [], counters: [], planCodes: [], idempotencyKeys: [], ...parts };
}

/** Runs all steps of a unit of work in their order, for the tenants named in the changes or given. */
export async function write(
  storage: StorageUnderTest,
  changes: UsageChanges,
  tenantIds: readonly string[] = tenantsOf(changes),
): Promise<void> {
  await storage.usageUnitOfWork.run(tenantIds, (ledger) => writeInto(ledger, changes, tenantIds));
}

export async function writeInto(
  ledger: UsageLedger,
  changes: UsageChanges,
  tenantIds: readonly string[] = tenantsOf(changes),
): Promise<void> {
  const counters = countersOf(changes);
  await ledger.lockOpenRecords(counters);
  await ledger.readDecisionBasis(question({ tenantIds, counters }));
  await ledger.write(changes);
}

function rowsOf(changes: UsageChanges): CounterKey[] {
  return [...changes.newRecords, ...changes.changedRecords, ...changes.events, ...changes.refusals];
}

export function tenantsOf(changes: UsageChanges): string[] {
  return [...new Set(rowsOf(changes).map(({ tenantId }) => tenantId))];
}

function countersOf(changes: UsageChanges): CounterKey[] {
  const keys = rowsOf(changes).map(({ tenantId, metricCode }) => ({ tenantId, metricCode }));
  return [...new Map(keys.map((key) => [counterKeyText(key), key])).values()];
}

/** What the work fails with; fails itself when the work does not. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return expect.fail("the work should have failed");
}

/** A failure that must not be run again: rerunning would fail for ever. */
export async function expectRefusal(work: Promise<unknown>): Promise<void> {
  const failure = await failureOf(work);
  expect(failure).toBeInstanceOf(Error);
  expect(failure).not.toBeInstanceOf(ConcurrentChangeError);
}

export async function expectLostRace(work: Promise<unknown>): Promise<void> {
  expect(await failureOf(work)).toBeInstanceOf(ConcurrentChangeError);
}

/** What callers do: run the whole work again after a lost race. */
export async function rerunAfterLostRace<T>(work: () => Promise<T>): Promise<T> {
  for (let run = 1; ; run += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConcurrentChangeError) || run >= rerunsMax) throw error;
    }
  }
}

export async function allEvents(storage: StorageUnderTest, tenantId: string): Promise<UsageEvent[]> {
  return await storage.events.list({ tenantId, order: "OLDEST_FIRST" }, undefined, 1_000);
}

/** Checks that no trace of these tenants' usage is stored. */
export async function expectNothingStored(storage: StorageUnderTest, changes: UsageChanges): Promise<void> {
  for (const tenantId of tenantsOf(changes)) {
    expect(await allEvents(storage, tenantId)).toEqual([]);
    expect(await storage.readRefusals(tenantId)).toEqual([]);
  }
  for (const counter of countersOf(changes)) {
    expect(await storage.usage.listByTenantAndMetric(counter)).toEqual([]);
  }
}

export async function insertPlans(storage: StorageUnderTest, ...plans: readonly Plan[]): Promise<void> {
  await storage.control.change([], async (store) => {
    for (const plan of plans) await store.plans.insert(plan);
  });
}

export async function findPlan(storage: StorageUnderTest, code: string): Promise<Plan | undefined> {
  return await storage.control.readAllTenants((store) => store.plans.find(code));
}

/** Reads in a transaction of its own, as these tenants. */
export async function readAs<T>(
  storage: StorageUnderTest,
  tenantIds: readonly string[],
  read: (store: ControlStore) => Promise<T>,
): Promise<T> {
  return await storage.control.change(tenantIds, read);
}

/** Runs with a default plan of the test's own, and puts back the one that was there. */
export async function withDefaultPlan(storage: StorageUnderTest, plan: Plan, body: () => Promise<void>): Promise<void> {
  const earlier = await swapDefaultPlan(storage, plan);
  try {
    await body();
  } finally {
    await swapDefaultPlan(storage, earlier);
  }
}

/** Makes the plan (or none) the default in place of the one that is, which is returned. */
async function swapDefaultPlan(storage: StorageUnderTest, next: Plan | undefined): Promise<Plan | undefined> {
  return await storage.control.change([], async ({ plans }) => {
    const current = await plans.findDefaultForUpdate();
    if (current !== undefined) await plans.replace({ ...current, isDefault: false });
    if (next === undefined) return current;
    if ((await plans.find(next.code)) === undefined) await plans.insert({ ...next, isDefault: true });
    else await plans.replace({ ...next, isDefault: true });
    return current;
  });
}

/** Holds a unit of work open between its lock and its changes. */
export interface HeldUnitOfWork {
  /** Lets it go on and waits for its end. */
  release(): Promise<void>;
}

/** Starts a unit of work that locks the counters, and returns once it holds the locks. */
export async function holdLocks(
  storage: StorageUnderTest,
  counters: readonly CounterKey[],
  changes: UsageChanges,
): Promise<HeldUnitOfWork> {
  const isLocked = Promise.withResolvers<void>();
  const isReleased = Promise.withResolvers<void>();
  const tenantIds = [...new Set(counters.map(({ tenantId }) => tenantId))];
  const ended = storage.usageUnitOfWork.run(tenantIds, async (ledger) => {
    await ledger.lockOpenRecords(counters);
    isLocked.resolve();
    await isReleased.promise;
    await ledger.readDecisionBasis(question({ tenantIds, counters }));
    await ledger.write(changes);
  });
  // A test that fails before it lets go must not leave the locks to the tests after it.
  onTestFinished(async () => {
    isReleased.resolve();
    await ended.catch(() => undefined);
  });
  await Promise.race([isLocked.promise, ended]);
  return {
    release: async () => {
      isReleased.resolve();
      await ended;
    },
  };
}

/** Whether the work is still under way after the time that work which does not wait would need. */
export async function isWaiting(work: Promise<unknown>): Promise<boolean> {
  const settled = work.then(
    () => false,
    () => false,
  );
  return await Promise.race([settled, delay(lockProbeMs, true)]);
}
