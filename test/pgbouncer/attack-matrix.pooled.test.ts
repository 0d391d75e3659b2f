import { afterAll } from "vitest";
import { describeAttackMatrix } from "../isolation/attack-matrix.ts";
import { startAttackWorld } from "../isolation/attack-world.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { type PgBouncer, startPgBouncer } from "./pgbouncer.ts";

let database: TestDatabase | undefined;
let pooler: PgBouncer | undefined;

describeAttackMatrix("through PgBouncer in transaction mode", async () => {
  database = await createTestDatabase();
  pooler = await startPgBouncer(database.serviceUrl);
  return await startAttackWorld({
    database,
    env: { DATABASE_URL: pooler.url, DATABASE_PREPARED_STATEMENTS: "off" },
  });
});

afterAll(async () => {
  await pooler?.stop();
  await database?.drop();
});
