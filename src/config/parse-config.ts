import { quoted } from "../domain/echo.ts";
import * as bounds from "./bound-variables.ts";
import type { BoundsConfig, Config, EmbeddedDatabaseConfig, ExternalDatabaseConfig, TlsConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import type { ConfigVariable, DefaultedVariable } from "./config-variable.ts";
import * as variables from "./config-variables.ts";
import { isLoopback, listenAddressText } from "./listen-address.ts";

/** The environment of the process, or whatever a test puts in its place. Variables that are not ours are ignored. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the configuration. A variable that is unset or empty takes its default.
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
  const config: Config = {
    grpcListen,
    httpListen: read(env, variables.httpListen),
    corsOrigins: readOptional(env, variables.corsOrigins) ?? [],
    database,
    ...(plansFile === undefined ? {} : { plansFile }),
    auth: read(env, variables.auth),
    ...(bootstrapAdminKeyFile === undefined ? {} : { bootstrapAdminKeyFile }),
    ...(tls === undefined ? {} : { tls }),
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

function readTls(env: Environment): TlsConfig | undefined {
  const certFile = readOptional(env, variables.tlsCertFile);
  const keyFile = readOptional(env, variables.tlsKeyFile);
  const clientCaFile = readOptional(env, variables.tlsClientCaFile);
  if (certFile !== undefined && keyFile !== undefined) {
    return { certFile, keyFile, ...(clientCaFile === undefined ? {} : { clientCaFile }) };
  }
  // Going on without encryption would be the opposite of what was meant.
  if (certFile !== undefined) throw incomplete(variables.tlsCertFile, certFile, variables.tlsKeyFile);
  if (keyFile !== undefined) throw incomplete(variables.tlsKeyFile, keyFile, variables.tlsCertFile);
  if (clientCaFile !== undefined) throw incomplete(variables.tlsClientCaFile, clientCaFile, variables.tlsCertFile);
  return undefined;
}

function incomplete(variable: ConfigVariable<string>, text: string, missing: ConfigVariable<string>): ConfigError {
  return refusal(variable, text, `only together with ${missing.name}, which is not set`);
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

function read<Value>(env: Environment, variable: DefaultedVariable<Value>): Value {
  return parse(variable, setText(env, variable) ?? variable.default.text);
}

function readOptional<Value>(env: Environment, variable: ConfigVariable<Value>): Value | undefined {
  const text = setText(env, variable);
  return text === undefined ? undefined : parse(variable, text);
}

function setText(env: Environment, { name }: ConfigVariable<unknown>): string | undefined {
  const text = env[name];
  return text === "" ? undefined : text;
}

function parse<Value>(variable: ConfigVariable<Value>, text: string): Value {
  const value = variable.parse(text);
  if (value === undefined) throw refusal(variable, text, variable.allowed);
  return value;
}

function refusal(variable: ConfigVariable<unknown>, text: string, allowed: string): ConfigError {
  const shown = quoted(variable.mask?.(text) ?? text);
  return new ConfigError(variable.name, `${variable.name} is ${shown}: allowed is ${allowed.replaceAll("`", "")}`);
}
