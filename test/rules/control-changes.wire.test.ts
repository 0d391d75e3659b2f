import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ControlChange, ControlObjectKind, ControlOperation } from "../../gen/quota/v1/control_change_pb.ts";
import { aCode, aTenant, hourMs } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, isoOf, newPlan, noon, planInit, reasonOf, subscribe } from "./fixtures.ts";
import { query } from "./stored-rows.ts";

/** Every change of the control plane leaves one entry in the audit trail, and nothing else does. */

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});

afterAll(async () => {
  await app.stop();
});

beforeEach(async () => {
  await app.setClock(noon);
});

let turn = 0;

/** Runs the steps one after the other, each a millisecond later: entries of one millisecond are in the order of their objects. */
async function inTurn(...steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const step of steps) {
    turn += 1;
    await app.setClock(noon + turn);
    await step();
  }
}

/** What the work adds to the audit trail, oldest first. */
async function changesBy(work: () => Promise<unknown>): Promise<ControlChange[]> {
  const known = new Set((await app.admin.listChanges({ pageSize: 1_000 })).changes.map(({ id }) => id));
  await work();
  const { changes } = await app.admin.listChanges({ pageSize: 1_000 });
  return changes.filter(({ id }) => !known.has(id)).toReversed();
}

const { CREATE, UPDATE, DELETE } = ControlOperation;
const { PLAN, SUBSCRIPTION, LIMIT_OVERRIDE } = ControlObjectKind;

const briefly = (changes: readonly ControlChange[]) =>
  changes.map(({ operation, objectKind, objectId }) => [operation, objectKind, objectId]);

const metadata = { "x-request-id": "ticket-4711" };

describe("an entry", () => {
  it("says who, when, what, before, after, and by which request", async () => {
    const code = aCode("plan");
    const plan = { code, displayName: "First", limits: [hard("items", 5n)] };
    const [created, updated, deleted] = await changesBy(async () => {
      const answer = await app.plans.createPlan({ plan }, { metadata });
      await app.setClock(noon + hourMs);
      await app.plans.updatePlan({ plan: { ...planInit(answer.plan), displayName: "Second" } });
      await app.plans.deletePlan({ code });
    });
    const first = {
      code,
      displayName: "First",
      limits: [
        {
          metricCode: "items",
          limit: "5",
          enforcement: "LIMIT_ENFORCEMENT_HARD",
          periodKind: "PERIOD_KIND_MONTH",
        },
      ],
      revision: "1",
      createdAt: "2027-03-10T12:34:56.789Z",
      updatedAt: "2027-03-10T12:34:56.789Z",
    };
    const second = {
      code,
      displayName: "Second",
      revision: "2",
      createdAt: "2027-03-10T12:34:56.789Z",
      updatedAt: "2027-03-10T13:34:56.789Z",
    };
    expect(created).toMatchObject({ operation: CREATE, objectKind: PLAN, objectId: code, requestId: "ticket-4711" });
    expect([created?.before, created?.after]).toEqual([undefined, first]);
    expect(updated).toMatchObject({ operation: UPDATE, before: first, after: second });
    expect(deleted).toMatchObject({ operation: DELETE, before: second });
    expect(deleted?.after).toBeUndefined();
    expect([created, updated].map((change) => isoOf(change?.createdAt))).toEqual([
      "2027-03-10T12:34:56.789Z",
      "2027-03-10T13:34:56.789Z",
    ]);
    for (const change of [created, updated, deleted]) {
      expect(change).toMatchObject({ actorName: "without authentication", actorRole: 0 });
      expect(change?.actorKeyId).toBeUndefined();
      expect(change?.tenantId).toBeUndefined();
    }
    expect(updated?.requestId).not.toBe("");
  });
});

describe("every change", () => {
  it("of subscriptions and overrides is written down, under the tenant", async () => {
    const [planCode, other, tenantId] = [await newPlan(app), await newPlan(app), aTenant()];
    const override = { tenantId, metricCode: "items", limit: 5n };
    const id = `${tenantId}/items`;
    const changes = await changesBy(() =>
      inTurn(
        () => subscribe(app, tenantId, planCode),
        () => subscribe(app, tenantId, other),
        () => app.subscriptions.putLimitOverride({ override }),
        () => app.subscriptions.putLimitOverride({ override: { ...override, limit: 6n } }),
        () => app.subscriptions.deleteLimitOverride({ tenantId, metricCode: "items" }),
        () => app.subscriptions.deleteSubscription({ tenantId }),
      ),
    );
    expect(briefly(changes)).toEqual([
      [CREATE, SUBSCRIPTION, tenantId],
      [UPDATE, SUBSCRIPTION, tenantId],
      [CREATE, LIMIT_OVERRIDE, id],
      [UPDATE, LIMIT_OVERRIDE, id],
      [DELETE, LIMIT_OVERRIDE, id],
      [DELETE, SUBSCRIPTION, tenantId],
    ]);
    expect(changes.map((change) => change.tenantId)).toEqual(changes.map(() => tenantId));
    expect(changes[1]).toMatchObject({ before: { planCode }, after: { planCode: other } });
    expect(changes[3]).toMatchObject({ before: { limit: "5" }, after: { limit: "6" } });
    expect(changes[4]?.before).toMatchObject({ limit: "6" });
  });

  it("that moves the default is written down for each of the plans", async () => {
    const [a, b, c] = [aCode("plan"), aCode("plan"), aCode("plan")] as const;
    const changes = await changesBy(() =>
      inTurn(
        () => app.plans.createPlan({ plan: { code: a, isDefault: true } }),
        () => app.plans.createPlan({ plan: { code: b, isDefault: true } }),
        () => app.plans.createPlan({ plan: { code: c } }),
        async () => {
          const { plan } = await app.plans.getPlan({ code: c });
          await app.plans.updatePlan({ plan: { ...planInit(plan), isDefault: true } });
        },
      ),
    );
    expect(briefly(changes)).toEqual([
      [CREATE, PLAN, a],
      [UPDATE, PLAN, a],
      [CREATE, PLAN, b],
      [CREATE, PLAN, c],
      [UPDATE, PLAN, b],
      [UPDATE, PLAN, c],
    ]);
    expect(changes[1]).toMatchObject({ before: { isDefault: true, revision: "1" }, after: { revision: "2" } });
    expect(changes[1]?.after).not.toHaveProperty("isDefault");
    await query(app.database, "update quota_plan set is_default = false");
  });

  it("that changes nothing writes nothing", async () => {
    const code = aCode("plan");
    const tenantId = aTenant();
    const plan = { code, limits: [hard("items", 5n)] };
    const override = { tenantId, metricCode: "items", limit: 5n };
    const { plan: created } = await app.plans.createPlan({ plan });
    await subscribe(app, tenantId, code);
    await app.subscriptions.putLimitOverride({ override });
    const changes = await changesBy(async () => {
      await app.plans.createPlan({ plan });
      await app.plans.updatePlan({ plan: { ...planInit(created), limits: plan.limits } });
      await app.plans.deletePlan({ code: aCode("absent") });
      await subscribe(app, tenantId, code);
      await app.subscriptions.putLimitOverride({ override });
      await app.subscriptions.deleteSubscription({ tenantId: aTenant() });
      await app.subscriptions.deleteLimitOverride({ tenantId, metricCode: "absent" });
      await app.subscriptions.getSubscription({ tenantId });
    });
    expect(changes).toEqual([]);
  });

  it("that is refused writes nothing", async () => {
    const [code, tenantId] = [await newPlan(app, hard("items", 5n)), aTenant()];
    await subscribe(app, tenantId, code);
    const { plan } = await app.plans.getPlan({ code });
    const changes = await changesBy(async () => {
      const past = { tenantId, metricCode: "items", limit: 5n, expiresAt: timestampFromMs(noon - 1) };
      const reasons = await Promise.all(
        [
          app.plans.createPlan({ plan: { code, displayName: "Different" } }),
          app.plans.updatePlan({ plan: { ...planInit(plan), revision: 7n, displayName: "Stale" } }),
          app.plans.deletePlan({ code }),
          app.subscriptions.putSubscription({ subscription: { tenantId, planCode: aCode("absent") } }),
          app.subscriptions.putSubscription({ subscription: { tenantId: aTenant(), planCode: aCode("absent") } }),
          app.subscriptions.putLimitOverride({ override: past }),
        ].map(reasonOf),
      );
      expect(reasons).toEqual([
        "PLAN_EXISTS",
        "REVISION_MISMATCH",
        "PLAN_IN_USE",
        "PLAN_NOT_FOUND",
        "PLAN_NOT_FOUND",
        "INVALID_REQUEST",
      ]);
    });
    expect(changes).toEqual([]);
  });

  it("fails when it cannot be written down", async () => {
    await query(
      app.database,
      `create function refuse_audit() returns trigger language plpgsql as
        $$ begin raise exception 'no more paper'; end $$`,
    );
    await query(
      app.database,
      "create trigger refuse_audit before insert on quota_control_change for each row execute function refuse_audit()",
    );
    const [code, tenantId] = [aCode("plan"), aTenant()];
    expect(await reasonOf(app.plans.createPlan({ plan: { code } }))).toBe("INTERNAL");
    const override = { tenantId, metricCode: "items", limit: 5n };
    expect(await reasonOf(app.subscriptions.putLimitOverride({ override }))).toBe("INTERNAL");
    await query(app.database, "drop trigger refuse_audit on quota_control_change");
    expect(await reasonOf(app.plans.getPlan({ code }))).toBe("PLAN_NOT_FOUND");
    expect((await app.subscriptions.listLimitOverrides({ tenantId })).overrides).toEqual([]);
  });
});

describe("changes at once", () => {
  const times = Array.from({ length: 12 }, (_, index) => index);

  /** The versions before and after follow each other without a gap: nobody's change was taken for nobody's. */
  function expectChain(changes: readonly ControlChange[]): void {
    for (const [index, change] of changes.entries()) {
      expect(change.before).toEqual(index === 0 ? undefined : changes[index - 1]?.after);
    }
  }

  it("of one plan leave one entry for each that succeeded", async () => {
    const code = await newPlan(app);
    const { plan } = await app.plans.getPlan({ code });
    const changes = await changesBy(async () => {
      const outcomes = await Promise.allSettled(
        times.map((n) => app.plans.updatePlan({ plan: { ...planInit(plan), displayName: `name ${n}` } })),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });
    expect(changes).toHaveLength(1);
    expect(changes[0]?.after?.["displayName"]).toBe((await app.plans.getPlan({ code })).plan?.displayName);
  });

  it("that create one subscription or override are one creation and updates, each from the one before", async () => {
    const [tenantId, codes] = [aTenant(), await Promise.all(times.map(() => newPlan(app)))];
    const subscriptions = await changesBy(() => Promise.all(codes.map((code) => subscribe(app, tenantId, code))));
    expect(subscriptions.map(({ operation }) => operation)).toEqual(times.map((n) => (n === 0 ? CREATE : UPDATE)));
    expectChain(subscriptions);
    const overrides = await changesBy(() =>
      Promise.all(
        times.map((n) =>
          app.subscriptions.putLimitOverride({ override: { tenantId, metricCode: "items", limit: BigInt(n) } }),
        ),
      ),
    );
    expect(overrides).toHaveLength(times.length);
    expectChain(overrides);
  });

  it("that delete one object leave one entry", async () => {
    const [code, tenantId] = [await newPlan(app), aTenant()];
    await subscribe(app, tenantId, code);
    const changes = await changesBy(async () => {
      await inTurn(
        () => Promise.all(times.map(() => app.subscriptions.deleteSubscription({ tenantId }))),
        () => Promise.all(times.map(() => app.plans.deletePlan({ code }))),
      );
    });
    expect(briefly(changes)).toEqual([
      [DELETE, SUBSCRIPTION, tenantId],
      [DELETE, PLAN, code],
    ]);
  });

  it("are in the order in which they were made, though the clock stands still or goes back", async () => {
    const code = await newPlan(app);
    const changes = await changesBy(async () => {
      for (const step of [0, 0, -1, -2, -2]) {
        await app.setClock(noon + step * hourMs);
        const { plan } = await app.plans.getPlan({ code });
        await app.plans.updatePlan({ plan: { ...planInit(plan), displayName: `revision ${plan?.revision}` } });
      }
    });
    expect(changes.map(({ after }) => after?.["revision"])).toEqual(["2", "3", "4", "5", "6"]);
  });
});

describe("ListChanges", () => {
  it("pages through what the filters name", async () => {
    const [tenantId, planCode] = [aTenant(), await newPlan(app)];
    await subscribe(app, tenantId, planCode);
    for (const limit of [1n, 2n, 3n]) {
      await app.setClock(noon + Number(limit) * hourMs);
      await app.subscriptions.putLimitOverride({ override: { tenantId, metricCode: "items", limit } });
    }
    const first = await app.admin.listChanges({ tenantId, pageSize: 3 });
    const second = await app.admin.listChanges({ tenantId, pageSize: 3, pageToken: first.nextPageToken });
    expect(second.nextPageToken).toBe("");
    expect([...first.changes, ...second.changes].map(({ objectKind }) => objectKind)).toEqual([
      LIMIT_OVERRIDE,
      LIMIT_OVERRIDE,
      LIMIT_OVERRIDE,
      SUBSCRIPTION,
    ]);
    const at = (hours: number): Timestamp => timestampFromMs(noon + hours * hourMs);
    const bounds = { createdFrom: at(2), createdBefore: at(3) };
    const { changes } = await app.admin.listChanges({ tenantId, objectKind: LIMIT_OVERRIDE, ...bounds });
    expect(changes.map(({ after }) => after?.["limit"])).toEqual(["2"]);
    expect((await app.admin.listChanges({ objectId: planCode })).changes).toHaveLength(1);
    expect((await app.admin.listChanges({ actorKeyId: aTenant() })).changes).toEqual([]);
  });
});
