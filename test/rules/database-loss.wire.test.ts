import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, newPlan, noon, refusalIn, subscribe } from "./fixtures.ts";
import { Outages } from "./outages.ts";
import { asSuperuser, countEvents, query, readCounters } from "./stored-rows.ts";
import { untilBlocked } from "./usage-steps.ts";

const poolMax = 3;
const stopTimeoutMs = 10_000;
const rounds = 25;

describe("a database that goes away and comes back", () => {
  let app: TestApp;
  let outages: Outages;
  const tenantId = aTenant();

  beforeAll(async () => {
    const timeouts = { LOCK_TIMEOUT_MS: "250", STATEMENT_TIMEOUT_MS: "500" };
    app = await startTestApp({ env: { DATABASE_POOL_MAX: String(poolMax), ...timeouts } });
    await subscribe(app, tenantId, await newPlan(app, hard("items", 1_000n)));
    outages = await Outages.of(app);
    await app.setClock(noon);
  });

  // A connection that was never given back would hold up the stop for ever.
  afterAll(async () => {
    await outages.close();
    await app.stop();
  }, stopTimeoutMs);

  const item = { tenantId, metricCode: "items", amount: 1n };
  const use = () => app.quota.recordUsage(item);
  const calls: readonly (() => Promise<unknown>)[] = [
    use,
    () => app.quota.recordUsage({ ...item, idempotencyKey: "during the outage" }),
    () => app.quota.checkQuota(item),
    () => app.quota.getStatus({ tenantId }),
    () => app.quota.listEvents({ tenantId }),
    () => app.plans.createPlan({ plan: { code: "during-the-outage" } }),
    () => app.plans.getPlan({ code: "during-the-outage" }),
    () => app.plans.listPlans({}),
    () => app.plans.deletePlan({ code: "during-the-outage" }),
    () => app.subscriptions.putSubscription({ subscription: { tenantId, planCode: "during-the-outage" } }),
    () => app.subscriptions.listSubscriptions({}),
  ];
  /** All but those of subscriptions, which look at other tables first. */
  const lockedCalls = calls.slice(0, -2);
  /** While this is held, each of the calls waits for a lock. */
  const lockEverything = "lock table quota_usage_record, quota_usage_event, quota_plan in access exclusive mode";
  const kinds: readonly (readonly [string, (work: () => Promise<void>) => Promise<void>])[] = [
    ["takes no connections", (work) => outages.whileClosed(work)],
    ["is not there", (work) => outages.whileMissing(work)],
    ["has no room", (work) => outages.whileFull(work)],
  ];

  it.each(kinds)(
    "error table: DATABASE_UNAVAILABLE with a RetryInfo answers every call while the database %s, and nothing was done",
    async (_, during) => {
      const before = await countEvents(app.database, tenantId);
      await during(async () => {
        for (const call of calls) outages.expectUnavailable(await refusalOfCall(call()));
        const together = await Promise.all(calls.map((call) => refusalOfCall(call())));
        for (const refusal of together) outages.expectUnavailable(refusal);
      });
      expect(await countEvents(app.database, tenantId)).toBe(before);
      expect((await use()).event?.sequence).toBe(BigInt(before + 1));
      expect((await app.plans.listPlans({})).plans.map((plan) => plan.code)).not.toContain("during-the-outage");
    },
  );

  it("error table: after 25 outages a pool of 3 connections serves as before, and holds no more than 3", async () => {
    const before = await countEvents(app.database, tenantId);
    for (let round = 0; round < rounds; round += 1) {
      const [, during] = kinds[round % kinds.length] ?? [];
      await during?.(async () => {
        const down = await Promise.allSettled(calls.map((call) => call()));
        expect(down.map((outcome) => outcome.status)).toEqual(calls.map(() => "rejected"));
      });
      expect((await use()).event?.sequence).toBe(BigInt(before + round + 1));
    }
    await Promise.all(Array.from({ length: 10 * poolMax }, use));
    await Promise.all(Array.from({ length: 10 * poolMax }, () => app.plans.listPlans({})));
    expect(await outages.connectionsOpen()).toBeLessThanOrEqual(poolMax);
    const total = before + rounds + 10 * poolMax;
    expect(await readCounters(app.database, tenantId)).toMatchObject([
      { current_usage: `${total}`, last_sequence: `${total}` },
    ]);
  });

  it("error table: connections that are cut while idle are replaced, and calls are served or told so", async () => {
    const before = await countEvents(app.database, tenantId);
    let recorded = 0;
    for (let round = 0; round < 2 * poolMax; round += 1) {
      await Promise.all(Array.from({ length: 2 * poolMax }, () => app.plans.listPlans({})));
      // Not awaited: a call may be given a connection of which nobody has noticed yet that it is dead.
      const cut = outages.cutConnections();
      const outcomes = await Promise.allSettled(Array.from({ length: poolMax }, use));
      await cut;
      recorded += outcomes.filter((outcome) => outcome.status === "fulfilled").length;
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") outages.expectUnavailable(refusalIn(outcome.reason));
      }
    }
    await Promise.all(Array.from({ length: 2 * poolMax }, () => app.plans.listPlans({})));
    expect(await countEvents(app.database, tenantId)).toBe(before + recorded);
  });

  it("error table: connections that are cut in the midst of calls leak none, and the calls are told so", async () => {
    const before = await countEvents(app.database, tenantId);
    for (let round = 0; round < 2 * poolMax; round += 1) {
      await asSuperuser(app.database, async (client) => {
        await client.query("begin");
        await client.query(lockEverything);
        const inFlight = Promise.all(lockedCalls.map((call) => refusalOfCall(call())));
        await untilBlocked(app, poolMax);
        await outages.whileFull(async () => {
          for (const refusal of await inFlight) outages.expectUnavailable(refusal);
        });
        await client.query("rollback");
      });
    }
    await Promise.all(Array.from({ length: 2 * poolMax }, use));
    await Promise.all(Array.from({ length: 2 * poolMax }, () => app.plans.listPlans({})));
    expect(await countEvents(app.database, tenantId)).toBe(before + 2 * poolMax);
    expect(await outages.connectionsOpen()).toBeLessThanOrEqual(poolMax);
  });

  it("error table: a database that does not answer in time is DATABASE_UNAVAILABLE, and leaks nothing", async () => {
    const before = await countEvents(app.database, tenantId);
    await asSuperuser(app.database, async (client) => {
      await client.query("begin");
      await client.query(lockEverything);
      const refusals = await Promise.all(lockedCalls.map((call) => refusalOfCall(call())));
      for (const refusal of refusals) outages.expectUnavailable(refusal);
      await client.query("rollback");
    });
    await Promise.all(Array.from({ length: 2 * poolMax }, use));
    await Promise.all(Array.from({ length: 2 * poolMax }, () => app.plans.listPlans({})));
    expect(await countEvents(app.database, tenantId)).toBe(before + 2 * poolMax);
    const sql = "select state from pg_stat_activity where datname = current_database() and state like 'idle in%'";
    expect(await query(app.database, sql)).toEqual([]);
  });

  it("error table: the log names the cause of an outage, which callers are not told", async () => {
    // Of one cause the log has one line in ten seconds, which may have been a test before this one's.
    await outages.whileFull(async () => outages.expectUnavailable(await refusalOfCall(use())));
    const errors = app.logged.filter((line) => line["reason"] === "DATABASE_UNAVAILABLE");
    expect(JSON.stringify(errors)).toContain("too many connections");
  });
});
