import { beforeEach, describe, expect, test } from "vitest";
import { DatabaseUnavailableError } from "../../src/domain/errors/availability-errors.ts";
import { PlanNotFoundError } from "../../src/domain/errors/limit-lookup-errors.ts";
import type { PlanDefinition } from "../../src/domain/plan.ts";
import type { QuotaLimit } from "../../src/domain/quota-limit.ts";
import type { SubscriptionDefinition } from "../../src/domain/subscription.ts";
import { applyPlansFile, type PlansFileServices } from "../../src/plans-file/apply-plans-file.ts";
import type { PlansFile } from "../../src/plans-file/plans-file.ts";
import { inMemoryAdminStorage } from "../../src/repositories/in-memory/admin/in-memory-admin-storage.ts";
import { InMemoryControlUnitOfWork } from "../../src/repositories/in-memory/in-memory-control-unit-of-work.ts";
import { InMemoryStorage } from "../../src/repositories/in-memory/in-memory-storage.ts";
import { PageTokens } from "../../src/services/page-tokens.ts";
import { PlanService } from "../../src/services/plan-service.ts";
import { SubscriptionService } from "../../src/services/subscription-service.ts";
import { anActor, randomBits } from "../support/builders.ts";

const tenantId = "11111111-1111-4111-8111-111111111111";
const trackedProducts: QuotaLimit = {
  metricCode: "tracked_products",
  limit: 50n,
  enforcement: "HARD",
  periodKind: "MONTH",
};
const starter: PlanDefinition = {
  code: "starter",
  displayName: "Starter",
  isDefault: false,
  limits: [trackedProducts],
};
const onStarter: SubscriptionDefinition = { tenantId, planCode: "starter", timeZone: "Europe/Berlin" };

let now = Date.UTC(2026, 0, 15);
let plans: PlanService;
let subscriptions: SubscriptionService;
let services: PlansFileServices;
let storage: InMemoryStorage;
let warnings: string[];
let infos: Record<string, unknown>[];

beforeEach(() => {
  storage = new InMemoryStorage(() => now);
  const unitOfWork = new InMemoryControlUnitOfWork(storage);
  const tokens = new PageTokens({ seal: (content) => content, open: (sealed) => sealed }, () => now);
  plans = new PlanService(unitOfWork, tokens, randomBits);
  subscriptions = new SubscriptionService(unitOfWork, tokens, randomBits);
  services = { plans, subscriptions };
  warnings = [];
  infos = [];
});

const log = {
  info: (fields: Record<string, unknown>) => infos.push(fields),
  warn: (_fields: Record<string, unknown>, message: string) => warnings.push(message),
};

function fileOf(
  filePlans: readonly PlanDefinition[],
  fileSubscriptions: readonly SubscriptionDefinition[] = [],
): PlansFile {
  return { fileName: "plans.yaml", plans: filePlans, subscriptions: fileSubscriptions };
}

async function apply(...filePlans: readonly PlanDefinition[]): Promise<void> {
  await applyPlansFile(fileOf(filePlans), services, log);
}

describe("creating", () => {
  test("what the database lacks is created, without a warning", async () => {
    await applyPlansFile(fileOf([starter], [onStarter]), services, log);
    expect(await plans.getPlan("starter")).toMatchObject(starter);
    expect(await subscriptions.getSubscription(tenantId)).toMatchObject(onStarter);
    expect(warnings).toEqual([]);
    expect(infos).toEqual([{ plansFile: "plans.yaml", plansCreated: 1, subscriptionsCreated: 1, warnings: 0 }]);
  });

  test("applying the file again changes nothing and warns of nothing", async () => {
    const file = fileOf([{ ...starter, isDefault: true }], [{ ...onStarter, anchor: now }]);
    await applyPlansFile(file, services, log);
    const before = [await plans.getPlan("starter"), await subscriptions.getSubscription(tenantId)];
    now += 1_000;
    await applyPlansFile(file, services, log);
    expect([await plans.getPlan("starter"), await subscriptions.getSubscription(tenantId)]).toEqual(before);
    expect(warnings).toEqual([]);
    expect(infos[1]).toMatchObject({ plansCreated: 0, subscriptionsCreated: 0 });
  });

  test("several servers that start at once create everything once and warn of nothing", async () => {
    const file = fileOf(
      [
        { ...starter, isDefault: true },
        { ...starter, code: "pro" },
      ],
      [onStarter],
    );
    await Promise.all(Array.from({ length: 8 }, () => applyPlansFile(file, services, log)));
    expect(await plans.getPlan("starter")).toMatchObject({ isDefault: true, revision: 1n });
    expect(await plans.getPlan("pro")).toMatchObject({ isDefault: false, revision: 1n });
    expect(await subscriptions.getSubscription(tenantId)).toMatchObject(onStarter);
    expect(warnings).toEqual([]);
  });
});

describe("what exists", () => {
  test("a plan that differs is left as it is, with one warning for each difference", async () => {
    const apiCalls: QuotaLimit = { metricCode: "api_calls", limit: 7n, enforcement: "SOFT", periodKind: "DAY" };
    const stored = {
      ...starter,
      displayName: "Old\nname",
      limits: [apiCalls, { ...trackedProducts, limit: 100n, periodKind: "YEAR" as const }],
    };
    await plans.createPlan(stored, anActor);
    const seats: QuotaLimit = { metricCode: "seats", limit: null, enforcement: "HARD", periodKind: "MONTH" };
    await apply({ ...starter, limits: [seats, { ...trackedProducts, enforcement: "SOFT" }] });
    expect(await plans.getPlan("starter")).toMatchObject({ ...stored, revision: 1n });
    expect(warnings).toEqual([
      'plan starter: display_name is "Old\\u000aname" in the database, "Starter" in the file; the database\'s stands',
      "plan starter: the limit of api_calls is only in the database; the database's stands",
      "plan starter: the limit of seats is only in the file; the database's stands",
      "plan starter: limit of tracked_products is 100 in the database, 50 in the file; the database's stands",
      "plan starter: enforcement of tracked_products is HARD in the database, SOFT in the file; the database's stands",
      "plan starter: period_kind of tracked_products is YEAR in the database, MONTH in the file; the database's stands",
    ]);
    expect(infos).toEqual([{ plansFile: "plans.yaml", plansCreated: 0, subscriptionsCreated: 0, warnings: 6 }]);
  });

  test("no limit at all is told from a limit of 0", async () => {
    await plans.createPlan({ ...starter, limits: [{ ...trackedProducts, limit: null }] }, anActor);
    await apply({ ...starter, limits: [{ ...trackedProducts, limit: 0n }] });
    expect(warnings).toEqual([
      "plan starter: limit of tracked_products is unlimited in the database, 0 in the file; the database's stands",
    ]);
  });

  test("a subscription that differs is left as it is, with one warning for each difference", async () => {
    await plans.createPlan({ ...starter, code: "pro" }, anActor);
    const stored = { tenantId, planCode: "pro", timeZone: "UTC", anchor: Date.UTC(2026, 0, 1) };
    await subscriptions.putSubscription(stored, anActor);
    await applyPlansFile(fileOf([starter], [onStarter]), services, log);
    expect(await subscriptions.getSubscription(tenantId)).toMatchObject(stored);
    const subject = `subscription of tenant ${tenantId}`;
    expect(warnings).toEqual([
      `${subject}: plan_code is pro in the database, starter in the file; the database's stands`,
      `${subject}: time_zone is UTC in the database, Europe/Berlin in the file; the database's stands`,
      `${subject}: anchor is 2026-01-01T00:00:00.000Z in the database, absent in the file; the database's stands`,
    ]);
  });
});

describe("the default plan", () => {
  const defaultStarter = { ...starter, isDefault: true };

  test("a plan is created as the default where the database has none", async () => {
    await plans.createPlan({ ...starter, code: "other" }, anActor);
    await apply(defaultStarter);
    expect(await plans.getPlan("starter")).toMatchObject({ isDefault: true });
    expect(warnings).toEqual([]);
  });

  test("a plan does not take the default from another one", async () => {
    await plans.createPlan({ ...starter, code: "zeta", isDefault: true }, anActor);
    await apply(defaultStarter);
    expect(await plans.getPlan("zeta")).toMatchObject({ isDefault: true, revision: 1n });
    expect(await plans.getPlan("starter")).toMatchObject({ isDefault: false, revision: 1n });
    expect(warnings).toEqual([
      "plan starter: created, but not as the default: the database has a default plan, which stands",
    ]);
  });

  test("a plan that exists does not become the default", async () => {
    await plans.createPlan(starter, anActor);
    await apply(defaultStarter);
    expect(await plans.getPlan("starter")).toMatchObject({ isDefault: false, revision: 1n });
    expect(warnings).toEqual([
      "plan starter: is_default is false in the database, true in the file; the database's stands",
    ]);
  });

  test("a plan that exists is not told to be created because another one is the default", async () => {
    await plans.createPlan(starter, anActor);
    await plans.createPlan({ ...starter, code: "pro", isDefault: true }, anActor);
    await apply(defaultStarter);
    expect(warnings).toEqual([
      "plan starter: is_default is false in the database, true in the file; the database's stands",
    ]);
    expect(infos).toMatchObject([{ plansCreated: 0 }]);
  });
});

describe("what happens meanwhile", () => {
  test("a subscription whose plan was deleted in between is a warning, and the rest is applied", async () => {
    const second = { ...onStarter, tenantId: "22222222-2222-4222-8222-222222222222" };
    const racing: PlansFileServices["subscriptions"] = {
      createMissingSubscription: async (definition, actor) => {
        if (definition.tenantId === tenantId) throw new PlanNotFoundError("starter");
        return await subscriptions.createMissingSubscription(definition, actor);
      },
    };
    await applyPlansFile(fileOf([starter], [onStarter, second]), { plans, subscriptions: racing }, log);
    expect(warnings).toEqual([`subscription of tenant ${tenantId}: not created: there is no plan starter`]);
    expect(await subscriptions.getSubscription(second.tenantId)).toMatchObject(second);
    expect(infos).toEqual([{ plansFile: "plans.yaml", plansCreated: 1, subscriptionsCreated: 1, warnings: 1 }]);
  });

  test.each([new DatabaseUnavailableError(new Error("refused")), new TypeError("a defect")])(
    "%s ends the start, since no entry is to blame",
    async (failure) => {
      const failing: PlansFileServices["plans"] = { createMissingPlan: () => Promise.reject(failure) };
      await expect(applyPlansFile(fileOf([starter]), { plans: failing, subscriptions }, log)).rejects.toBe(failure);
      expect(warnings).toEqual([]);
    },
  );
});

test("what the start creates is written down under the file's name, and what is there already is not", async () => {
  const file = fileOf([starter], [onStarter]);
  await applyPlansFile(file, services, log);
  await applyPlansFile(file, services, log);
  const changes = await inMemoryAdminStorage(storage).changes.list({ order: "OLDEST_FIRST" }, undefined, 10);
  // The clock stands still, and within a millisecond entries of different objects are in no order.
  const briefly = changes.map(({ operation, objectKind, objectId }) => `${operation} ${objectKind} ${objectId}`).sort();
  expect(briefly).toEqual(["CREATE PLAN starter", `CREATE SUBSCRIPTION ${tenantId}`]);
  for (const { actor } of changes) expect(actor).toEqual({ name: "plans file", requestId: "" });
});
