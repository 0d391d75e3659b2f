import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    // A process for each file: a test may change the environment, and a crash takes its own file only.
    pool: "forks",
    // Both cores of the smallest machine we know. PostgreSQL runs beside the tests and waits for its disk most of the time.
    maxWorkers: 2,
    // A forgotten `.only` would turn the rest of a file off and still be green.
    allowOnly: false,
    // Two files and PostgreSQL share two cores; a test that is slow for that reason has not failed.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      // By itself, so that a unit test that needs a database fails instead of finding one by chance.
      { extends: true, test: { name: "unit", include: ["{test,packages/*/test}/**/*.unit.test.ts"] } },
      {
        extends: true,
        test: {
          name: "postgres",
          include: ["{test,packages/*/test}/**/*.{pg,wire}.test.ts"],
          globalSetup: "test/support/global-setup.ts",
        },
      },
    ],
  },
});
