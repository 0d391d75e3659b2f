import * as bounds from "./bound-variables.ts";
import type { BoundsConfig, Config, EmbeddedDatabaseConfig, ExternalDatabaseConfig } from "./config.ts";
import * as variables from "./config-variables.ts";
import { isLoopback, listenAddressText } from "./listen-address.ts";
import { readJwt } from "./parse-jwt.ts";
import { readTls } from "./parse-tls.ts";
import { type Environment, read, readOptional, refusal } from "./read-variable.ts";

export type { Environment } from "./read-variable.ts";

/**
 * Reads the configuration. A variable that is unset or empty takes its default; AUTH alone is refused when empty.
 *
 * @throws ConfigError for the first wrong value, in the order of `configVariables`
 */
export function parseConfig(env: Environment): Config {
  const grpcListen = read(env, variables.grpcListen);
  const database = readDatabase(env);
  const plansFile =
    readOptional(env, variables.plansFile) ?? (database.kind === "embedded" ? variables.embeddedPlansFile : undefined);
  const bootstrapAdminKeyFile = readOptional(env, variables.bootstrapAdminKeyFile);
  const tls = readTls(env);
  const auth = readAuth(env);
  const jwt = readJwt(env, auth);
  const config: Config = {
    grpcListen,
    httpListen: read(env, variables.httpListen),
    corsOrigins: readOptional(env, variables.corsOrigins) ?? [],
    database,
    ...(plansFile === undefined ? {} : { plansFile }),
    auth,
    ...(bootstrapAdminKeyFile === undefined ? {} : { bootstrapAdminKeyFile }),
    ...(tls === undefined ? {} : { tls }),
    ...(jwt === undefined ? {} : { jwt }),
    reflection: read(env, variables.reflection),
    logLevel: read(env, variables.logLevel),
    databasePoolMax: read(env, variables.databasePoolMax),
    databasePreparedStatements: read(env, variables.databasePreparedStatements),
    statementTimeoutMs: read(env, variables.statementTimeoutMs),
    lockTimeoutMs: read(env, variables.lockTimeoutMs),
    bounds: readBounds(env),
    drainTimeoutMs: read(env, variables.drainTimeoutMs),
  };
  assertReachableByNobodyElse(config);
  assertLocksTimeOutFirst(config);
  return config;
}

/** Set but empty is a variable that was never filled in. Whether strangers get in must not hang on that. */
function readAuth(env: Environment): Config["auth"] {
  if (env[variables.auth.name] === "") throw refusal(variables.auth, "", variables.auth.allowed);
  return read(env, variables.auth);
}

function readBounds(env: Environment): BoundsConfig {
  return {
    tenant: {
      callsPerSecondMax: read(env, bounds.tenantRateMax),
      callsInFlightMax: read(env, bounds.tenantConcurrencyMax),
    },
    other: {
      callsPerSecondMax: read(env, bounds.callerRateMax),
      callsInFlightMax: read(env, bounds.callerConcurrencyMax),
    },
    connectionsMax: read(env, bounds.connectionsMax),
    connectionAgeMaxMs: read(env, bounds.connectionAgeMaxMs),
    connectionIdleMaxMs: read(env, bounds.connectionIdleMaxMs),
  };
}

function readDatabase(env: Environment): EmbeddedDatabaseConfig | ExternalDatabaseConfig {
  const url = readOptional(env, variables.databaseUrl);
  const ownerUrl = readOptional(env, variables.databaseOwnerUrl);
  if (url !== undefined) return { kind: "external", url, ...(ownerUrl === undefined ? {} : { ownerUrl }) };
  // Going on with the embedded database would hide that its owner meant another one.
  if (ownerUrl !== undefined) {
    throw refusal(variables.databaseOwnerUrl, ownerUrl, "only together with DATABASE_URL, which is not set");
  }
  return { kind: "embedded", dataDirectory: read(env, variables.dataDir) };
}

/** Without authentication whoever reaches the port is every tenant and every admin. */
function assertReachableByNobodyElse({ auth, grpcListen, httpListen }: Config): void {
  if (auth !== "none") return;
  const loopback = `only a loopback address (127.0.0.0/8, [::1], localhost) while AUTH is ${auth}`;
  for (const [variable, address] of [
    [variables.grpcListen, grpcListen],
    [variables.httpListen, httpListen],
  ] as const) {
    if (!isLoopback(address)) throw refusal(variable, listenAddressText(address), loopback);
  }
}

/** PostgreSQL takes both, and the lock's would then never be the one that fires. */
function assertLocksTimeOutFirst({ lockTimeoutMs, statementTimeoutMs }: Config): void {
  if (lockTimeoutMs < statementTimeoutMs) return;
  const allowed = `less than STATEMENT_TIMEOUT_MS, which is ${statementTimeoutMs}`;
  throw refusal(variables.lockTimeoutMs, String(lockTimeoutMs), allowed);
}
