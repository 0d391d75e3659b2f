import { join } from "node:path";
import type { BenchDatabase } from "./bench-postgres.ts";
import { nodeFlags } from "./node-flags.ts";
import { ServerProcess } from "./server-process.ts";

const root = join(import.meta.dirname, "../..");

/** The service as it is deployed, on a migrated database. */
export async function startService(
  database: BenchDatabase,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  return await ServerProcess.start({
    nodeArguments: [...nodeFlags, ...nodeOptions, join(root, "src/main.ts")],
    // The HTTP door, where there is one, must not meet that of another service.
    env: { DATABASE_URL: database.serviceUrl, LOG_LEVEL: "warn", HTTP_LISTEN: "127.0.0.1:0" },
  });
}

export type BenchServerName = "no-op" | "validated-no-op" | "bare-http2" | "ungrouped" | "rate-limiter";

/** One of the servers that the service is compared with, in `bench/servers`. */
export async function startBenchServer(
  name: BenchServerName,
  env: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const file = join(root, "bench/servers", `${name}-server.ts`);
  return await ServerProcess.start({ nodeArguments: [...nodeFlags, ...nodeOptions, file], env });
}
