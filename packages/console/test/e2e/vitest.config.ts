import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: {
    name: "chromium",
    include: ["*.chromium.ts"],
    globalSetup: "global-setup.ts",
    pool: "forks",
    // One browser at a time: two on two cores only wait for one another.
    fileParallelism: false,
    allowOnly: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
