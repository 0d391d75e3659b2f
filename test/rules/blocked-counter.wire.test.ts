import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LimitEnforcement } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ env: { LOCK_TIMEOUT_MS: "300" } });
  const limits = ["calls", "exports"].map((metricCode) => ({
    metricCode,
    limit: 100n,
    enforcement: LimitEnforcement.HARD,
  }));
  await app.plans.createPlan({ plan: { code: "blocked", displayName: "Blocked", limits } });
});

afterAll(async () => {
  await app.stop();
});

it("group commit: a counter that somebody holds fails its own calls, and no neighbour's in the same batch", async () => {
  const [held, free] = [aTenant(), aTenant()];
  const use = (tenantId: string, metricCode = "calls") =>
    app.quota.recordUsage({ tenantId, metricCode, amount: 1n, planCode: "blocked" });
  await Promise.all([use(held), use(free)]);
  const holder = new pg.Client({ connectionString: app.database.superuserUrl });
  await holder.connect();
  await holder.query("begin");
  await holder.query("select 1 from quota_usage_record where tenant_id = $1 for update", [held]);

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

  await holder.query("rollback");
  await holder.end();
  expect((await use(held)).event?.sequence).toBe(2n);
});
