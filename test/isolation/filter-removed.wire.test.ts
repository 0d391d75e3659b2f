import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { UsageEventEntity } from "../../src/infrastructure/database/entities/usage-event-entity.ts";
import { openOrm } from "../../src/infrastructure/database/orm.ts";
import { Transactions } from "../../src/infrastructure/database/transactions.ts";
import { testTimeouts } from "../support/postgres-storage.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { onlyOwn, seenOf, type TwoTenants, twoTenants, withdraw } from "./two-tenants.ts";

/** Isolation is double: with the ORM's filter gone from every entity, row level security is left. */
vi.mock(import("../../src/infrastructure/database/entities/tenant-table.ts"), async (importOriginal) => ({
  ...(await importOriginal()),
  tenantFilter: {} as never,
}));

let app: TestApp;
let tenants: TwoTenants;

beforeAll(async () => {
  app = await startTestApp();
  tenants = await twoTenants(app);
});

afterAll(() => app.stop());

it("nothing but row level security keeps the tenants of a forgotten condition apart", async () => {
  const asSuperuser = await openOrm(app.database.superuserUrl, 1);
  const em = asSuperuser.em.fork();
  em.setFilterParams("tenant", { tenantIds: [tenants.own] });
  expect(await em.count(UsageEventEntity, {})).toBe(2);
  await asSuperuser.close(true);

  const orm = await openOrm(app.database.serviceUrl, 1);
  const found = await new Transactions(orm, testTimeouts).asApp([tenants.own], async (transaction) => [
    ...(await transaction.em.find(UsageEventEntity, {})).map(({ tenantId }) => tenantId),
    ...(await transaction.em.find(UsageEventEntity, { tenantId: tenants.foreign })),
  ]);
  await orm.close(true);
  expect(found).toEqual([tenants.own]);
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
