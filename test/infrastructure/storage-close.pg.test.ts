import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStorage } from "../../src/infrastructure/database/open-storage.ts";
import { testTimeouts } from "../support/postgres-storage.ts";
import { testClock } from "../support/test-clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const rounds = 8;
const closeMaxMs = 5_000;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

it("a storage closes while connections are still being opened", async () => {
  for (let round = 0; round < rounds; round += 1) {
    const storage = await openStorage({
      url: database.serviceUrl,
      poolMax: 10,
      timeouts: testTimeouts,
      lockPatienceMs: testTimeouts.lockTimeoutMs,
      clock: testClock,
      namedStatements: true,
    });
    const pings = Array.from({ length: 3 }, () => storage.ping());
    await delay(round);
    const closed = storage.close().then(() => "closed");
    const late = delay(closeMaxMs, "stuck", { ref: false });
    expect(await Promise.race([closed, late])).toBe("closed");
    await Promise.allSettled(pings);
  }
});
