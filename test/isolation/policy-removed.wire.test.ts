import { afterAll, beforeAll, expect, it } from "vitest";
import { UsageEventEntity } from "../../src/infrastructure/database/entities/usage-event-entity.ts";
import { openOrm } from "../../src/infrastructure/database/orm.ts";
import { Transactions } from "../../src/infrastructure/database/transactions.ts";
import { query } from "../start/database-state.ts";
import { testTimeouts } from "../support/postgres-storage.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { onlyOwn, seenOf, type TwoTenants, tenantTableNames, twoTenants, withdraw } from "./two-tenants.ts";

/** Isolation is double: with row level security gone, the filter and the predicates of the set-based SQL are left. */

let app: TestApp;
let tenants: TwoTenants;

beforeAll(async () => {
  app = await startTestApp();
  tenants = await twoTenants(app);
  // After the start, which would refuse.
  for (const table of tenantTableNames) {
    await query(app.database.superuserUrl, `alter table ${table} disable row level security`);
  }
});

afterAll(() => app.stop());

it("nothing but the code keeps the tenants apart any more", async () => {
  const orm = await openOrm(app.database.serviceUrl, 1);
  const transactions = new Transactions(orm, testTimeouts);
  const [found, filtered] = await transactions.asApp([tenants.own], async ({ em, query: sql }) => [
    await sql<{ tenant_id: string }>("select tenant_id from quota_usage_event", []),
    await em.find(UsageEventEntity, {}),
  ]);
  await orm.close(true);
  expect(found?.map((row) => ("tenant_id" in row ? row.tenant_id : "")).sort()).toEqual(
    [tenants.own, tenants.foreign].sort(),
  );
  expect(filtered?.map((event) => ("tenantId" in event ? event.tenantId : ""))).toEqual([tenants.own]);
});

it("every RPC shows a tenant its own rows only", async () => {
  for (const tenantId of [tenants.own, tenants.foreign]) {
    expect(await seenOf(app, tenants, tenantId)).toEqual(onlyOwn(tenants, tenantId));
  }
});

it("every RPC changes a tenant's own rows only", async () => {
  await withdraw(app, tenants);
  expect(await seenOf(app, tenants, tenants.foreign)).toEqual(onlyOwn(tenants, tenants.foreign));
});
