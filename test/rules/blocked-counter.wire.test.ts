import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RecordUsageResponse } from "../../gen/quota/v1/quota_service_pb.ts";
import { LimitEnforcement } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

async function startWith(env: Record<string, string>): Promise<TestApp> {
  const app = await startTestApp({ env });
  const limits = ["calls", "exports"].map((metricCode) => ({
    metricCode,
    limit: 100n,
    enforcement: LimitEnforcement.HARD,
  }));
  await app.plans.createPlan({ plan: { code: "blocked", displayName: "Blocked", limits } });
  return app;
}

/** Uses one unit. */
function useOf(app: TestApp) {
  return (tenantId: string, metricCode = "calls", idempotencyKey?: string) =>
    app.quota.recordUsage({
      tenantId,
      metricCode,
      amount: 1n,
      planCode: "blocked",
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
}

const lockRecord = "select 1 from quota_usage_record where tenant_id = $1 and metric_code = 'calls' for update";

describe("a counter that another transaction holds for longer than a call waits", () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startWith({ LOCK_TIMEOUT_MS: "300" });
  });

  afterAll(async () => {
    await app.stop();
  });

  it("group commit: fails its own calls, and no neighbour's in the same batch", async () => {
    const [held, free] = [aTenant(), aTenant()];
    const use = useOf(app);
    await Promise.all([use(held), use(free)]);
    const holder = new pg.Client({ connectionString: app.database.superuserUrl });
    await holder.connect();
    await holder.query("begin");
    await holder.query(lockRecord, [held]);

    const refused = Promise.all([1, 2].map(() => refusalOfCall(use(held))));
    // The same tenant's other metric, new counters and old ones share the batch with the held one.
    const admitted = await Promise.all([
      use(free),
      use(held, "exports"),
      ...Array.from({ length: 4 }, () => use(aTenant())),
    ]);
    for (const refusal of await refused) {
      expect(refusal).toMatchObject({ code: "UNAVAILABLE", reason: "OVERLOADED" });
      expect(refusal.retryInfo).toBeDefined();
    }
    expect(admitted.map((answer) => answer.event?.sequence)).toEqual([2n, 1n, 1n, 1n, 1n, 1n]);
    // Known to be held by now, and refused all the same.
    expect(await refusalOfCall(use(held))).toMatchObject({ reason: "OVERLOADED" });

    await holder.query("rollback");
    await holder.end();
    expect((await use(held)).event?.sequence).toBe(2n);
  });
});

/** Nobody here waits for a time: whoever waited for the holder would wait until the test gives up. */
describe("what another transaction holds while a call may wait for long", () => {
  let app: TestApp;
  let holder: pg.Client;
  let use: ReturnType<typeof useOf>;

  beforeAll(async () => {
    app = await startWith({ STATEMENT_TIMEOUT_MS: "120000", LOCK_TIMEOUT_MS: "100000" });
    use = useOf(app);
  });

  afterAll(async () => {
    await app.stop();
  });

  beforeEach(async () => {
    holder = new pg.Client({ connectionString: app.database.superuserUrl });
    await holder.connect();
    await holder.query("begin");
  });

  afterEach(async () => {
    await holder.end();
  });

  /** Calls that are answered only once the holder has ended, and 20 rounds of neighbours that are answered before. */
  async function expectOnlyToWait(
    waits: () => Promise<RecordUsageResponse>[],
    neighbours: string[],
    others = async (): Promise<unknown> => [],
  ) {
    const log: string[] = [];
    const waiting = waits().map((call) => call.finally(() => log.push("held")));
    const answers = Promise.allSettled(waiting);
    for (let round = 0; round < 20; round += 1) {
      const rounds = await Promise.all([...neighbours, aTenant()].map((tenantId) => use(tenantId)));
      expect(rounds.map((answer) => answer.replayed)).not.toContain(true);
    }
    await others();
    log.push("neighbours");
    await holder.query("rollback");
    const settled = await answers;
    expect(log).toEqual(["neighbours", ...waiting.map(() => "held")]);
    return settled.map((answer) => (answer.status === "fulfilled" ? answer.value.event?.sequence : answer.reason));
  }

  it("group commit: a held counter delays its own calls, and no neighbour's", async () => {
    const [held, free] = [aTenant(), aTenant()];
    await Promise.all([use(held), use(free)]);
    await holder.query(lockRecord, [held]);
    const waits = () => Array.from({ length: 5 }, () => use(held));
    const sequences = await expectOnlyToWait(waits, [free]);
    expect(new Set(sequences)).toEqual(new Set([2n, 3n, 4n, 5n, 6n]));
  });

  it("group commit: two held counters do not wait for each other", async () => {
    const [released, held, free] = [aTenant(), aTenant(), aTenant()];
    await Promise.all([use(released), use(held), use(free)]);
    await holder.query(lockRecord, [held]);
    const other = new pg.Client({ connectionString: app.database.superuserUrl });
    await other.connect();
    await other.query("begin");
    await other.query(lockRecord, [released]);
    const first = use(released);
    const late = use(held);
    await delay(300);
    await other.end();
    // The other one is held all the while.
    expect((await first).event?.sequence).toBe(2n);
    await holder.query("rollback");
    expect((await late).event?.sequence).toBe(2n);
  });

  it("a change of the schema that takes longer than a batch waits for a lock fails no call", async () => {
    const tenantId = aTenant();
    await use(tenantId);
    await holder.query("lock table quota_plan, quota_usage_record, quota_usage_event in access exclusive mode");
    const calls = [
      use(tenantId),
      app.quota.checkQuota({ tenantId, metricCode: "calls", amount: 1n, planCode: "blocked" }),
      app.quota.listEvents({ tenantId }),
    ];
    await delay(300);
    await holder.query("rollback");
    expect((await Promise.allSettled(calls)).map((call) => call.status)).toEqual(calls.map(() => "fulfilled"));
  });

  it("group commit: a record that another transaction has created, but not committed, delays its own calls only", async () => {
    const [known, held, free] = [aTenant(), aTenant(), aTenant()];
    await Promise.all([use(known), use(free)]);
    await holder.query(
      `insert into quota_usage_record select (jsonb_populate_record(r, jsonb_build_object('tenant_id', $2::uuid))).*
        from quota_usage_record r where tenant_id = $1`,
      [known, held],
    );
    expect(await expectOnlyToWait(() => [use(held)], [known, free])).toEqual([1n]);
  });

  it("group commit: an idempotency key that another transaction has taken delays the calls with the key only, be it on its counter", async () => {
    const [held, free] = [aTenant(), aTenant()];
    await Promise.all([use(held), use(free)]);
    await holder.query(
      `insert into quota_usage_event select (jsonb_populate_record(e,
          jsonb_build_object('id', gen_random_uuid(), 'metric_code', 'exports', 'idempotency_key', 'taken'))).*
        from quota_usage_event e where tenant_id = $1`,
      [held],
    );
    const unkeyed: Promise<RecordUsageResponse>[] = [];
    const waits = () => {
      const keyed = use(held, "calls", "taken");
      for (let index = 0; index < 3; index += 1) unkeyed.push(use(held), use(held, "calls", `free ${index}`));
      return [keyed];
    };
    // Six others on the counter were admitted before it.
    expect(await expectOnlyToWait(waits, [free], () => Promise.all(unkeyed))).toEqual([8n]);
  });
});
