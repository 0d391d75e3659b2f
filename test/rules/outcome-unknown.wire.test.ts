import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { type CommitFate, type PostgresProxy, startPostgresProxy } from "../support/postgres-proxy.ts";
import { readRefusals } from "../support/postgres-storage.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { hard, newPlan, planInit, reasonOf, refused } from "./fixtures.ts";
import { query, readCounters } from "./stored-rows.ts";
import { allEvents, epochMs } from "./usage-steps.ts";

const metricCode = "calls";
const limit = 10_000n;
const usage = /insert into quota_usage_event/;

/** The service, behind a network that fails on demand. */
interface ProxiedApp {
  readonly app: TestApp;
  readonly proxy: PostgresProxy;
}

let database: TestDatabase;
let app: TestApp;
let proxy: PostgresProxy;
let planCode: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.setClock(epochMs("2026-03-10T12:00:00.000Z"));
  ({ app, proxy } = await startProxiedApp());
  planCode = await newPlan(app, hard(metricCode, limit));
});

afterAll(async () => {
  await stop({ app, proxy });
  await database.drop();
});

beforeEach(() => {
  expect(proxy.faults).toEqual([]);
});

async function startProxiedApp(env: Readonly<Record<string, string>> = {}): Promise<ProxiedApp> {
  const ownProxy = await startPostgresProxy(database.serviceUrl);
  return { proxy: ownProxy, app: await startTestApp({ database, env: { ...env, DATABASE_URL: ownProxy.url } }) };
}

async function stop(started: ProxiedApp): Promise<void> {
  await started.app.stop();
  await started.proxy.close();
}

/** What is stored, past the service: one counter, and the amounts of its events. */
async function expectStored(tenantId: string, amounts: readonly number[]): Promise<void> {
  const events = await query(
    database,
    "select amount, sequence from quota_usage_event where tenant_id = $1 order by sequence",
    [tenantId],
  );
  expect(events).toEqual(amounts.map((amount, index) => ({ amount: `${amount}`, sequence: `${index + 1}` })));
  const sum = amounts.reduce((left, right) => left + right, 0);
  const counter = { metric_code: metricCode, current_usage: `${sum}`, last_sequence: `${amounts.length}` };
  expect(await readCounters(database, tenantId)).toMatchObject(amounts.length === 0 ? [] : [counter]);
}

describe("a commit whose connection is lost", () => {
  it.each<[string, CommitFate]>([
    ["that was made is answered with the event, which is looked up on a new connection", "answer lost"],
    ["that was not made is made again", "swallowed"],
    ["that was not made, and whose connection was reset, is made again", "reset"],
    ["that came back as ROLLBACK is not taken for success, and made again", "rolled back"],
  ])("R14: %s", async (_, fate) => {
    const tenantId = aTenant();
    const request = { tenantId, metricCode, planCode };
    for (const amount of [3n, 4n]) {
      // The first opens the counter, the second changes it.
      proxy.faults.push({ after: usage, fate });
      const answer = await app.quota.recordUsage({ ...request, amount });
      expect(proxy.faults).toEqual([]);
      expect(answer).toMatchObject({ replayed: false, overLimit: false, status: { current: amount === 3n ? 3n : 7n } });
      expect((await allEvents(app, tenantId)).at(-1)).toEqual(answer.event);
    }
    await expectStored(tenantId, [3, 4]);
  });

  it.each<CommitFate>(["answer lost", "swallowed", "rolled back"])(
    "R14: concerns every call of its batch, each of which gets its own answer once (%s)",
    async (fate) => {
      const tenantIds = [aTenant(), aTenant(), aTenant()];
      proxy.faults.push({ after: usage, fate }, { after: usage, fate });
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, index) => {
          const tenantId = tenantIds[index % 3] ?? "";
          const key = index % 2 === 0 ? {} : { idempotencyKey: `key ${index}` };
          return app.quota.recordUsage({ tenantId, metricCode, planCode, amount: BigInt(index + 1), ...key });
        }),
      );
      expect(proxy.faults).toEqual([]);
      expect(answers.map(({ event }) => event?.amount)).toEqual(answers.map((_, index) => BigInt(index + 1)));
      for (const tenantId of tenantIds) {
        const own = answers.flatMap(({ event }) => (event?.tenantId === tenantId ? [event] : []));
        const inOrder = own.toSorted((left, right) => Number(left.sequence - right.sequence));
        expect(await allEvents(app, tenantId)).toEqual(inOrder);
        await expectStored(
          tenantId,
          inOrder.map((event) => Number(event.amount)),
        );
      }
    },
  );

  it.each<CommitFate>(["answer lost", "swallowed", "rolled back"])(
    "R14, R2: counts a refusal once (%s)",
    async (fate) => {
      const tenantId = aTenant();
      proxy.faults.push({ after: /insert into quota_usage_refusal/, fate });
      const call = app.quota.recordUsage({ tenantId, metricCode, planCode, amount: limit + 1n });
      expect(await reasonOf(call)).toBe("QUOTA_EXCEEDED");
      expect(proxy.faults).toEqual([]);
      expect(await readRefusals(database.superuserUrl, tenantId)).toMatchObject([
        { count: 1n, lastAmount: limit + 1n },
      ]);
      await expectStored(tenantId, []);
    },
  );

  it("R14: that is rolled back again and again ends in OVERLOADED, and nothing was recorded", async () => {
    const tenantId = aTenant();
    proxy.faults.push(...Array.from({ length: 50 }, () => ({ after: usage, fate: "rolled back" as const })));
    expect(await refused(app.quota.recordUsage({ tenantId, metricCode, planCode, amount: 1n }))).toMatchObject({
      code: "UNAVAILABLE",
      reason: "OVERLOADED",
    });
    proxy.faults.length = 0;
    await expectStored(tenantId, []);
    await app.quota.recordUsage({ tenantId, metricCode, planCode, amount: 2n });
    await expectStored(tenantId, [2]);
  });
});

describe("a commit after which the database cannot be reached", () => {
  it.concurrent.each<{ fate: CommitFate; keyed: boolean; code: string }>([
    { fate: "answer lost", keyed: true, code: "UNAVAILABLE" },
    { fate: "swallowed", keyed: true, code: "UNAVAILABLE" },
    { fate: "answer lost", keyed: false, code: "UNKNOWN" },
    { fate: "swallowed", keyed: false, code: "UNKNOWN" },
  ])("R14: is answered as OUTCOME_UNKNOWN ($fate, keyed: $keyed, $code)", async ({ fate, keyed, code }) => {
    const own = await startProxiedApp();
    try {
      const tenantId = aTenant();
      const request = { tenantId, metricCode, planCode, amount: 5n, ...(keyed ? { idempotencyKey: "order-17" } : {}) };
      await own.app.quota.recordUsage({ tenantId, metricCode, planCode, amount: 1n });
      own.proxy.faults.push({ after: usage, fate, thenUnreachable: true });
      const refusal = await refusalOfCall(own.app.quota.recordUsage(request));
      expect(refusal).toMatchObject({ code, reason: "OUTCOME_UNKNOWN" });
      expect(refusal.info?.metadata).toEqual({ repeatable: String(keyed) });
      expect(refusal.retryInfo !== undefined).toBe(keyed);
      expect(await reasonOf(own.app.quota.recordUsage(request))).toBe("DATABASE_UNAVAILABLE");

      await own.proxy.restore();
      const wasRecorded = fate === "answer lost";
      if (keyed) expect(await own.app.quota.recordUsage(request)).toMatchObject({ replayed: wasRecorded });
      const amounts = keyed || wasRecorded ? [1, 5] : [1];
      expect((await allEvents(own.app, tenantId)).map((event) => Number(event.amount))).toEqual(amounts);
      await expectStored(tenantId, amounts);
    } finally {
      await own.proxy.restore();
      await stop(own);
    }
  });
});

it("R14: lost commits give their connections back: a pool of two outlasts five, and the service stops", async () => {
  const own = await startProxiedApp({ DATABASE_POOL_MAX: "2" });
  const tenantId = aTenant();
  for (const fate of ["answer lost", "swallowed", "answer lost", "rolled back", "answer lost"] as const) {
    own.proxy.faults.push({ after: usage, fate });
    await own.app.quota.recordUsage({ tenantId, metricCode, planCode, amount: 1n });
  }
  await expectStored(tenantId, [1, 1, 1, 1, 1]);
  await stop(own);
});

it("R14: a commit that the database itself refuses is not answered as recorded", async () => {
  const tenantId = aTenant();
  await query(
    database,
    `create function refuse_amount_13() returns trigger language plpgsql as
    $$ begin if new.amount = 13 then raise exception 'refused at commit'; end if; return null; end $$`,
  );
  await query(
    database,
    `create constraint trigger refuse_amount_13 after insert on quota_usage_event
    deferrable initially deferred for each row execute function refuse_amount_13()`,
  );
  const record = (amount: bigint) => app.quota.recordUsage({ tenantId, metricCode, planCode, amount });
  const outcomes = await Promise.allSettled([record(1n), record(13n), record(2n)]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await refused(record(13n))).toMatchObject({ code: "INTERNAL", reason: "INTERNAL" });
  const events = await allEvents(app, tenantId);
  expect(new Set(events.map((event) => event.amount))).toEqual(new Set([1n, 2n]));
  await query(database, "drop trigger refuse_amount_13 on quota_usage_event");
});

describe("a change of the control plane whose commit is lost", () => {
  type Change = readonly [name: string, after: RegExp, change: (own: string) => Promise<unknown>];
  const put = (tenantId: string) =>
    app.subscriptions.putSubscription({ subscription: { tenantId, planCode, timeZone: "Europe/Berlin" } });
  const changes: readonly Change[] = [
    ["CreatePlan", /insert into "quota_control_change"/, (own) => app.plans.createPlan({ plan: { code: `p-${own}` } })],
    [
      "UpdatePlan",
      /update "quota_plan"/,
      async (own) => {
        const { plan } = await app.plans.getPlan({ code: planCode });
        await app.plans.updatePlan({ plan: { ...planInit(plan), displayName: own, limits: plan?.limits ?? [] } });
      },
    ],
    [
      "CreateApiKey of a tenant",
      /insert into "quota_api_key"/,
      (tenantId) => app.apiKeys.createApiKey({ displayName: "Shop", role: Role.TENANT, tenantId }),
    ],
    ["PutSubscription", /insert into "quota_subscription"/, put],
    [
      "DeleteSubscription",
      /delete from "quota_subscription"/,
      async (tenantId) => {
        await put(tenantId);
        await app.subscriptions.deleteSubscription({ tenantId });
      },
    ],
  ];
  const cases = changes.flatMap(([name, after, change]) =>
    (["answer lost", "swallowed", "reset", "rolled back"] as const).map((fate) => ({ name, fate, after, change })),
  );

  /** The entry of the audit trail is the proof, as the event is of a use. */
  it.each(cases)("R14: $name is made once, and written down once ($fate)", async ({ fate, after, change }) => {
    const own = aTenant();
    const known = new Set((await app.admin.listChanges({ pageSize: 1_000 })).changes.map(({ id }) => id));
    // The pattern is of one statement of the change, so a put before it passes unharmed.
    proxy.faults.push({ after, fate });
    await change(own);
    expect(proxy.faults).toEqual([]);
    const { changes: written } = await app.admin.listChanges({ pageSize: 1_000 });
    const added = written.filter(({ id }) => !known.has(id));
    const wanted = change === changes.at(-1)?.[2] ? 2 : 1;
    expect(added).toHaveLength(wanted);
  });

  it("R14: is answered as OUTCOME_UNKNOWN when the database cannot be asked", async () => {
    const own = await startProxiedApp();
    try {
      const code = `p-${aTenant()}`;
      own.proxy.faults.push({
        after: /insert into "quota_control_change"/,
        fate: "answer lost",
        thenUnreachable: true,
      });
      const refusal = await refusalOfCall(own.app.plans.createPlan({ plan: { code } }));
      expect(refusal).toMatchObject({ code: "UNAVAILABLE", reason: "OUTCOME_UNKNOWN" });
      await own.proxy.restore();
      await own.app.plans.createPlan({ plan: { code } });
      const { changes: written } = await own.app.admin.listChanges({ objectId: code });
      expect(written).toHaveLength(1);
    } finally {
      await own.proxy.restore();
      await stop(own);
    }
  });
});
