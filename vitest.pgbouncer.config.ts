import { defineConfig } from "vitest/config";

/** What needs a PgBouncer, which npm does not bring: run by test/pgbouncer/run.sh. */
export default defineConfig({
  test: {
    environment: "node",
    pool: "forks",
    maxWorkers: 1,
    allowOnly: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    include: ["test/pgbouncer/*.pooled.test.ts"],
    globalSetup: "test/support/global-setup.ts",
  },
});
