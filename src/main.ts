import process from "node:process";
import { type App, startApp } from "./app.ts";
import type { Config } from "./config/config.ts";
import { listenAddressText } from "./config/listen-address.ts";
import { parseConfig } from "./config/parse-config.ts";
import { createLogger } from "./infrastructure/telemetry/logger.ts";
import { describeStartFailure } from "./start-failure.ts";

/** Here and in `migrate.ts` alone the environment is read and the process ended. */
async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const log = createLogger(config.logLevel);
  // With certificates a SIGHUP asks to read them anew, as it does of other servers; without, a terminal has closed.
  const stopSignals: NodeJS.Signals[] =
    config.tls === undefined ? ["SIGINT", "SIGTERM", "SIGHUP"] : ["SIGINT", "SIGTERM"];
  let reloadTls: App["reloadTls"];
  if (config.tls !== undefined) process.on("SIGHUP", () => void reloadTls?.());
  const stopRequested = waitForSignal(stopSignals);
  const app = await startApp(config, log);
  reloadTls = app.reloadTls;
  log.info(readyFields(config, app), "ready");
  const reason = await Promise.race([stopRequested, app.lost]);
  if (reason instanceof Error) log.fatal({ err: reason }, "the service cannot go on");
  else log.info({ signal: reason }, "stopping");
  await app.stop();
  log.info("stopped");
  process.exitCode = reason instanceof Error ? 1 : 0;
  // Winding down, Node lets go of its signal handlers before it is gone; a Ctrl-C's second signal would kill it there.
  process.once("exit", (code) => process.exit(code));
}

function readyFields(config: Config, { grpcAddress, httpAddress }: App) {
  return {
    grpc: listenAddressText(grpcAddress),
    http: listenAddressText(httpAddress),
    auth: config.auth,
    database: config.database.kind,
  };
}

/**
 * npm hands a Ctrl-C on to a process that the terminal has sent it to already, so signals this close together are one.
 */
const oneSignalMs = 1_000;

/** The first signal asks for a clean stop; one that comes later does not wait for it. */
function waitForSignal(signals: readonly NodeJS.Signals[]): Promise<NodeJS.Signals> {
  let firstAt: number | undefined;
  return new Promise((resolve) => {
    for (const signal of signals) {
      process.on(signal, () => {
        firstAt ??= performance.now();
        if (performance.now() - firstAt > oneSignalMs) process.exit(1);
        resolve(signal);
      });
    }
  });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`quota-service: ${describeStartFailure(error)}\n`);
  process.exit(1);
}
