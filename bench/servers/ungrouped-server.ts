import { OpenAuthenticator } from "../../src/api/auth/open-authenticator.ts";
import { startGrpcServer } from "../../src/api/grpc/start-grpc-server.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { PeriodCache } from "../../src/domain/period-cache.ts";
import { postgresClock } from "../../src/infrastructure/database/database-clock.ts";
import { openStorage } from "../../src/infrastructure/database/open-storage.ts";
import { randomBits } from "../../src/infrastructure/random-bits.ts";
import { UsageEventRecorder } from "../../src/services/usage-event-recorder.ts";
import { endOnSignal, listenAddress, log, servicesWith } from "./bench-shell.ts";

/**
 * The service without group commit, as a straightforward server would be: every call has a transaction of its own, and as
 * many of them run at once as the pool has connections.
 */

const config = parseConfig(process.env);
if (config.database.kind !== "external") throw new Error("DATABASE_URL is missing");

const storage = await openStorage({
  url: config.database.url,
  poolMax: config.databasePoolMax,
  timeouts: { statementTimeoutMs: config.statementTimeoutMs, lockTimeoutMs: config.lockTimeoutMs },
  // Calls wait for each other here, every one for itself.
  lockPatienceMs: config.lockTimeoutMs,
  clock: postgresClock,
  namedStatements: config.databasePreparedStatements === "on",
});
const { periodAt } = new PeriodCache();
const recorder = new UsageEventRecorder(storage.usageUnitOfWork, storage.events, { random: randomBits, periodAt });

const services = servicesWith({
  recordUsage: async (attempt) => {
    const [outcome] = await recorder.record([attempt]);
    if (outcome?.receipt === undefined) throw outcome?.error;
    return outcome.receipt;
  },
});

await startGrpcServer({
  listen: listenAddress(),
  services,
  authenticator: new OpenAuthenticator(),
  reflection: true,
  log,
});
endOnSignal();
