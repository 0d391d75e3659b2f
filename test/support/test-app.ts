import { pino } from "pino";
import { AdminService } from "../../gen/quota/v1/admin_service_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import { type App, startApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { GrpcConnection } from "./grpc-client.ts";
import { testClock } from "./test-clock.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

/** The whole service on a database of its own, reached over the wire. */
export interface TestApp {
  readonly database: TestDatabase;
  /** host:port of the gRPC door. */
  readonly address: string;
  /** Of the HTTP door. */
  readonly httpUrl: string;
  readonly connection: GrpcConnection;
  readonly quota: ReturnType<typeof quotaOf>;
  readonly plans: ReturnType<typeof plansOf>;
  readonly subscriptions: ReturnType<typeof subscriptionsOf>;
  readonly admin: ReturnType<typeof adminOf>;
  readonly apiKeys: ReturnType<typeof apiKeysOf>;
  /** What the service has logged so far, parsed. */
  readonly logged: Record<string, unknown>[];
  /** Stops the database's clock, and with it every decision's, at the instant; undefined lets it run. */
  setClock(instant: number | undefined): Promise<void>;
  /** Moves the clock that page tokens age by. */
  advancePageTokenClock(milliseconds: number): void;
  stop(): Promise<void>;
}

export interface TestAppOptions {
  /** More variables of the environment, as `npm start` would read them. */
  readonly env?: Readonly<Record<string, string>>;
  /** An existing database instead of a fresh one; it is not dropped then. */
  readonly database?: TestDatabase;
  /** The secret of an API key that all calls of `connection` carry. */
  readonly secret?: string;
}

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = options.database ?? (await createTestDatabase());
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  let pageTokenOffsetMs = 0;
  const config = parseConfig({
    GRPC_LISTEN: "127.0.0.1:0",
    HTTP_LISTEN: "127.0.0.1:0",
    DATABASE_URL: database.serviceUrl,
    ...options.env,
  });
  const app: App = await startApp(config, log, {
    database: testClock,
    pageTokens: () => Date.now() + pageTokenOffsetMs,
  });
  const address = `${app.grpcAddress.host}:${app.grpcAddress.port}`;
  const connection = new GrpcConnection(address, options.secret);
  return {
    database,
    address,
    httpUrl: `http://${app.httpAddress.host}:${app.httpAddress.port}`,
    connection,
    quota: quotaOf(connection),
    plans: plansOf(connection),
    subscriptions: subscriptionsOf(connection),
    admin: adminOf(connection),
    apiKeys: apiKeysOf(connection),
    logged,
    setClock: (instant) => database.setClock(instant),
    advancePageTokenClock: (milliseconds) => {
      pageTokenOffsetMs += milliseconds;
    },
    stop: async () => {
      connection.close();
      await app.stop();
      if (options.database === undefined) await database.drop();
    },
  };
}

const quotaOf = (connection: GrpcConnection) => connection.service(QuotaService);
const plansOf = (connection: GrpcConnection) => connection.service(PlanService);
const apiKeysOf = (connection: GrpcConnection) => connection.service(ApiKeyService);
const subscriptionsOf = (connection: GrpcConnection) => connection.service(SubscriptionService);
const adminOf = (connection: GrpcConnection) => connection.service(AdminService);
