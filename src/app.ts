import { fileURLToPath } from "node:url";
import { DoorBounds } from "./api/abuse/door-bounds.ts";
import type { ApiServices } from "./api/api-services.ts";
import type { Authenticator } from "./api/auth/authenticator.ts";
import { startGrpcServer } from "./api/grpc/start-grpc-server.ts";
import { startHttpServer } from "./api/http/start-http-server.ts";
import type { Tls } from "./api/tls.ts";
import { openAuthentication } from "./authentication.ts";
import { provideAdminKey } from "./bootstrap-admin-key.ts";
import type { Config } from "./config/config.ts";
import { DatabaseWatch } from "./database-watch.ts";
import type { EpochMilliseconds } from "./domain/instant.ts";
import { PeriodCache } from "./domain/period-cache.ts";
import { apiKeySecrets } from "./infrastructure/api-key-secrets.ts";
import { type DatabaseClock, postgresClock } from "./infrastructure/database/database-clock.ts";
import { openStorage, type PostgresStorage } from "./infrastructure/database/open-storage.ts";
import { prepareDatabase } from "./infrastructure/database/prepare-database.ts";
import { startEmbeddedPostgres } from "./infrastructure/embedded-postgres/start.ts";
import { randomBits } from "./infrastructure/random-bits.ts";
import type { Logger } from "./infrastructure/telemetry/logger.ts";
import { TlsFiles } from "./infrastructure/tls-files.ts";
import { applyPlansFile } from "./plans-file/apply-plans-file.ts";
import { readPlansFile } from "./plans-file/read-plans-file.ts";
import { AdminService } from "./services/admin/admin-service.ts";
import { ApiKeyService } from "./services/api-key-service.ts";
import { BatchRecorder } from "./services/batch-recorder.ts";
import { OverLimitWarnings } from "./services/over-limit-warnings.ts";
import { PageTokens } from "./services/page-tokens.ts";
import { PlanService } from "./services/plan-service.ts";
import { QuotaEnforcementService } from "./services/quota-enforcement-service.ts";
import { SubscriptionService } from "./services/subscription-service.ts";
import { UsageEventListing } from "./services/usage-event-listing.ts";
import { UsageEventRecorder } from "./services/usage-event-recorder.ts";
import { UsageLanes } from "./services/usage-lanes.ts";
import { UsageTrackingService } from "./services/usage-tracking-service.ts";

/** The clocks, which tests put their own in place of. */
export interface AppClocks {
  readonly database: DatabaseClock;
  /** The age of page tokens. */
  readonly pageTokens: () => EpochMilliseconds;
}

export interface App {
  readonly grpcAddress: { readonly host: string; readonly port: number };
  readonly httpAddress: { readonly host: string; readonly port: number };
  /** Settles with the reason when the service cannot go on by itself. */
  readonly lost: Promise<Error>;
  /** Takes no more work, finishes what is in flight, closes the database. Calling it again returns the same promise. */
  stop(): Promise<void>;
  /** Reads the TLS files anew. Absent: there are none. */
  readonly reloadTls?: () => Promise<void>;
}

/**
 * Some forty full batches may wait, and a call no longer than a caller without a deadline may be left waiting. Larger batches
 * gain nothing more, and make everybody in them wait for the last.
 */
const batchQueueBounds = {
  batchItemsMax: 512,
  queueItemsMax: 20_000,
  queueBytesMax: 64 * 1024 * 1024,
  waitMaxMs: 10_000,
};

/**
 * How long a batch waits for a lock before it goes on without the counter. Another process holds a counter for as long as its batch
 * takes, some milliseconds; to be wrong costs a transaction, and nobody an answer.
 */
const lockPatienceMs = 50;

/** Where the console's package builds it. */
const consoleFolder = fileURLToPath(new URL("../packages/console/dist", import.meta.url));

const realClocks: AppClocks = { database: postgresClock, pageTokens: Date.now };

/**
 * Puts the service together and starts it. What fails leaves nothing running.
 *
 * @throws ConfigError, PlansFileError, EmbeddedPostgresError, StartError, ListenError: one line for whoever started it
 */
export async function startApp(config: Config, log: Logger, clocks: AppClocks = realClocks): Promise<App> {
  const undo: (() => Promise<void>)[] = [];
  try {
    return await start(config, log, clocks, undo);
  } catch (error) {
    await undoAll(undo, log, config.drainTimeoutMs);
    throw error;
  }
}

async function start(config: Config, log: Logger, clocks: AppClocks, undo: (() => Promise<void>)[]): Promise<App> {
  const tls = config.tls === undefined ? undefined : await TlsFiles.open(config.tls, log);
  if (tls !== undefined) undo.push(async () => tls.close());
  const plansFile = config.plansFile === undefined ? undefined : await readPlansFile(config.plansFile);
  const database = await findDatabase(config, log, undo);
  const migrated = await prepareDatabase(database.url, database.ownerUrl);
  if (migrated.length > 0) log.info({ migrations: migrated }, "migrated the database");
  const storage = await openStorage({
    url: database.url,
    poolMax: config.databasePoolMax,
    timeouts: { statementTimeoutMs: config.statementTimeoutMs, lockTimeoutMs: config.lockTimeoutMs },
    lockPatienceMs,
    clock: clocks.database,
    namedStatements: config.databasePreparedStatements === "on",
  });
  undo.push(() => storage.close());
  const services = servicesOn(storage, log, clocks, config.lockTimeoutMs);
  if (plansFile !== undefined) await applyPlansFile(plansFile, services, log);
  await provideAdminKey(config, services.apiKeys, log);
  const { authenticator, ...authentication } = await openAuthentication(config, storage, batchQueueBounds, log);
  undo.push(() => authentication.close());
  const doors = await openDoors({ config, services, authenticator, tls, log, undo });
  const watch = watchDatabase(storage, doors.all, log);
  undo.push(async () => watch.stop());
  let stopped: Promise<void> | undefined;
  return {
    grpcAddress: doors.grpcAddress,
    httpAddress: doors.httpAddress,
    lost: database.lost,
    ...(tls === undefined ? {} : { reloadTls: () => tls.reload() }),
    stop: () => {
      stopped ??= undoAll(undo, log, config.drainTimeoutMs);
      return stopped;
    },
  };
}

/** What the doors have in common. */
interface Door {
  setServing(isServing: boolean): void;
  drain(deadlineMs: number): Promise<void>;
}

interface DoorParts {
  readonly config: Config;
  readonly services: ApiServices;
  readonly authenticator: Authenticator;
  readonly tls: Tls | undefined;
  readonly log: Logger;
  readonly undo: (() => Promise<void>)[];
}

async function openDoors({ config, services, authenticator, tls, log, undo }: DoorParts) {
  const bounds = new DoorBounds(log, config.bounds);
  undo.push(async () => bounds.connections.stop());
  const encryption = tls === undefined ? {} : { tls };
  const all: Door[] = [];
  // One step for both: they drain side by side, within one deadline.
  undo.push(async () => void (await Promise.all(all.map((door) => door.drain(config.drainTimeoutMs)))));
  const grpc = await startGrpcServer({
    listen: config.grpcListen,
    services,
    authenticator,
    reflection: config.reflection === "on",
    ...encryption,
    log,
    bounds,
  });
  all.push(grpc);
  const http = await startHttpServer({
    listen: config.httpListen,
    services,
    authenticator,
    log,
    bounds,
    corsOrigins: config.corsOrigins,
    consoleFolder,
    ...encryption,
  });
  all.push(http);
  return { all, grpcAddress: grpc.address, httpAddress: http.address };
}

interface FoundDatabase {
  readonly url: string;
  readonly ownerUrl?: string;
  readonly lost: Promise<Error>;
}

async function findDatabase(config: Config, log: Logger, undo: (() => Promise<void>)[]): Promise<FoundDatabase> {
  if (config.database.kind === "external") {
    const { url, ownerUrl } = config.database;
    return { url, ...(ownerUrl === undefined ? {} : { ownerUrl }), lost: new Promise(() => undefined) };
  }
  const postgres = await startEmbeddedPostgres({
    dataDir: config.database.dataDirectory,
    log: (line) => log.info(line),
  });
  undo.push(() => postgres.stop());
  return { url: postgres.serviceUrl, ownerUrl: postgres.ownerUrl, lost: postgres.lost };
}

function servicesOn(storage: PostgresStorage, log: Logger, clocks: AppClocks, lockTimeoutMs: number) {
  const tokens = new PageTokens(storage.pageTokenSeal, clocks.pageTokens);
  const { periodAt } = new PeriodCache();
  const recorder = new UsageEventRecorder(storage.usageUnitOfWork, storage.events, { random: randomBits, periodAt });
  const lanes = new UsageLanes(new BatchRecorder(recorder, storage.usageUnitOfWork), batchQueueBounds, lockTimeoutMs);
  return {
    tracking: new UsageTrackingService(lanes, new OverLimitWarnings(log)),
    enforcement: new QuotaEnforcementService(storage.usage, periodAt, batchQueueBounds),
    eventListing: new UsageEventListing(recorder, tokens),
    plans: new PlanService(storage.control, tokens, randomBits),
    subscriptions: new SubscriptionService(storage.control, tokens, randomBits),
    admin: new AdminService(storage.admin, tokens, periodAt),
    apiKeys: new ApiKeyService(storage.apiKeys, tokens, { secrets: apiKeySecrets, random: randomBits }),
  };
}

function watchDatabase(storage: PostgresStorage, doors: readonly Door[], log: Logger): DatabaseWatch {
  return new DatabaseWatch(
    () => storage.ping(),
    (isReachable, cause) => {
      for (const door of doors) door.setServing(isReachable);
      if (isReachable) log.info("the database answers again");
      else log.error({ err: cause }, "the database does not answer");
    },
  );
}

/** Longer than any step takes that is not stuck: draining has a bound of its own, and is given it on top. */
const stopStepTimeoutMs = 10_000;

/** In reverse order; one failing or stuck step must not keep the others from being undone. */
async function undoAll(undo: (() => Promise<void>)[], log: Logger, drainTimeoutMs: number): Promise<void> {
  for (const step of undo.splice(0).reverse()) {
    try {
      await within(drainTimeoutMs + stopStepTimeoutMs, step());
    } catch (error) {
      log.error({ err: error }, "a step of the shutdown failed");
    }
  }
}

async function within(timeoutMs: number, step: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}
