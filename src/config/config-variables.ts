import { boundVariables } from "./bound-variables.ts";
import { authModes, logLevels } from "./config.ts";
import { type ConfigVariable, choiceVariable, type DefaultedVariable, integerVariable } from "./config-variable.ts";
import { databaseUrlAllowed, isDatabaseUrl, maskDatabaseUrl } from "./database-url.ts";
import { jwtVariables } from "./jwt-variables.ts";
import { type ListenAddress, parseListenAddress } from "./listen-address.ts";
import { parseOrigins } from "./origins.ts";

/** Read when the database is the embedded one and PLANS_FILE is not set: a first start then has something to show. */
export const embeddedPlansFile = "examples/plans.yaml";

const databasePoolDefault = 10;
/** Usage has connections of its own, so there are two at least. */
const databasePoolRange = { min: 2, max: 100 };

/** Long enough for a batch on a disk that stalls, and seldom longer than a caller's own deadline. */
const statementTimeoutDefaultMs = 5_000;
const statementTimeoutRangeMs = { min: 100, max: 600_000 };

const lockTimeoutDefaultMs = 2_000;
const lockTimeoutRangeMs = { min: 10, max: 300_000 };

/** `docker stop` kills after 10 s, and a killed service leaves the embedded database to the next start. */
const drainTimeoutDefaultMs = 8_000;
const drainTimeoutRangeMs = { min: 0, max: 600_000 };

if (lockTimeoutDefaultMs >= statementTimeoutDefaultMs) throw new Error("a lock must time out before its statement");
if (drainTimeoutDefaultMs <= statementTimeoutDefaultMs) throw new Error("a stop must outlast a statement in flight");

export const grpcListen: DefaultedVariable<ListenAddress> = {
  name: "GRPC_LISTEN",
  default: { text: "127.0.0.1:50051" },
  allowed: "`host:port` or `[IPv6 address]:port`, with a port from 0 to 65535",
  meaning: "Where the gRPC server listens. Port 0 takes a free one.",
  parse: parseListenAddress,
};

export const httpListen: DefaultedVariable<ListenAddress> = {
  ...grpcListen,
  name: "HTTP_LISTEN",
  default: { text: "127.0.0.1:8080" },
  meaning: "Where the HTTP server listens: Connect, gRPC-Web, REST, probes, the console. Port 0 takes a free one.",
};

export const corsOrigins: ConfigVariable<readonly string[]> = {
  name: "CORS_ORIGINS",
  default: { description: "none: no script of another origin can read an answer" },
  allowed: "origins such as `https://console.example.com`, separated by commas, without paths and wildcards",
  meaning: "Whose scripts may read answers of the HTTP server in a browser.",
  parse: parseOrigins,
};

export const databaseUrl: ConfigVariable<string> = {
  name: "DATABASE_URL",
  default: { description: "none: an embedded PostgreSQL is started" },
  allowed: databaseUrlAllowed,
  meaning: "PostgreSQL 15 or newer, with the login that serves: no superuser, owner of nothing.",
  parse: (text) => (isDatabaseUrl(text) ? text : undefined),
  mask: maskDatabaseUrl,
};

export const databaseOwnerUrl: ConfigVariable<string> = {
  name: "DATABASE_OWNER_URL",
  default: { description: "none: the start compares schema versions and migrates nothing" },
  allowed: "`postgres://user:password@host:port/database` as for `DATABASE_URL`, and only together with it",
  meaning: "The same database with the login of its owner, which migrates at start and disconnects.",
  parse: (text) => (isDatabaseUrl(text) ? text : undefined),
  mask: maskDatabaseUrl,
};

export const dataDir: DefaultedVariable<string> = {
  name: "DATA_DIR",
  default: { text: ".data" },
  allowed: "the path of a folder",
  meaning: "Where the embedded PostgreSQL keeps its data. Unused with `DATABASE_URL`.",
  parse: (text) => text,
};

export const plansFile: ConfigVariable<string> = {
  name: "PLANS_FILE",
  default: { description: `\`${embeddedPlansFile}\` with the embedded PostgreSQL, none with \`DATABASE_URL\`` },
  allowed: "the path of a YAML file",
  meaning: "Plans and subscriptions that the start creates where they are missing. What exists is never changed.",
  parse: (text) => text,
};

export const auth = choiceVariable(
  "AUTH",
  "Whether callers must show a credential. With `none` everybody who reaches the port may do everything, so it must be a loopback port, called by a name of this machine.",
  "none",
  authModes,
);

export const bootstrapAdminKeyFile: ConfigVariable<string> = {
  name: "BOOTSTRAP_ADMIN_KEY_FILE",
  default: {
    description:
      "none; with the embedded PostgreSQL and `AUTH=required`, `admin-key` in `DATA_DIR`, made where missing",
  },
  allowed: "the path of a file that holds `qsk_` and 80 lower-case hexadecimal digits",
  meaning: "The secret of the first ADMIN key, which the start creates where it is missing.",
  parse: (text) => text,
};

export const tlsCertFile: ConfigVariable<string> = {
  name: "TLS_CERT_FILE",
  default: { description: "none: both doors speak without encryption" },
  allowed: "the path of a PEM file, together with `TLS_KEY_FILE`",
  meaning:
    "The certificate that both doors show, with its chain. It is read again when the files change, and at a SIGHUP; connections stay.",
  parse: (text) => text,
};

export const tlsKeyFile: ConfigVariable<string> = {
  name: "TLS_KEY_FILE",
  default: { description: "none" },
  allowed: "the path of a PEM file, together with `TLS_CERT_FILE`",
  meaning: "The certificate's private key, not encrypted.",
  parse: (text) => text,
};

export const tlsClientCaFile: ConfigVariable<string> = {
  name: "TLS_CLIENT_CA_FILE",
  default: { description: "none: callers show no certificate" },
  allowed: "the path of a PEM file, only together with `TLS_CERT_FILE`",
  meaning: "Authorities of one of which every caller must show a certificate, besides its credential.",
  parse: (text) => text,
};

export const reflection = choiceVariable(
  "REFLECTION",
  "Whether the gRPC server describes itself to grpcurl and the like. It tells the published contract and no data, to callers without a credential too.",
  "on",
  ["on", "off"],
);

export const logLevel = choiceVariable("LOG_LEVEL", "The least severe level that is logged.", "info", logLevels);

export const databasePoolMax = integerVariable(
  "DATABASE_POOL_MAX",
  "Most connections to the database at once.",
  databasePoolDefault,
  databasePoolRange,
);

export const databasePreparedStatements = choiceVariable(
  "DATABASE_PREPARED_STATEMENTS",
  "Whether the server keeps statements planned. `off` behind a pooler that does not carry them over, such as PgBouncer before 1.21.",
  "on",
  ["on", "off"],
);

export const statementTimeoutMs = integerVariable(
  "STATEMENT_TIMEOUT_MS",
  "Milliseconds after which the database gives up on one statement.",
  statementTimeoutDefaultMs,
  statementTimeoutRangeMs,
);

const lockTimeoutInRangeMs = integerVariable(
  "LOCK_TIMEOUT_MS",
  "Milliseconds that a call waits for what another transaction holds: a RecordUsage for its counter, a change for its row.",
  lockTimeoutDefaultMs,
  lockTimeoutRangeMs,
);

export const lockTimeoutMs: DefaultedVariable<number> = {
  ...lockTimeoutInRangeMs,
  allowed: `${lockTimeoutInRangeMs.allowed}, less than \`STATEMENT_TIMEOUT_MS\``,
};

export const drainTimeoutMs = integerVariable(
  "DRAIN_TIMEOUT_MS",
  "Milliseconds that a stop waits for calls in flight.",
  drainTimeoutDefaultMs,
  drainTimeoutRangeMs,
);

/** Every variable that the service reads, in the order of the README's table. */
export const configVariables: readonly ConfigVariable<unknown>[] = [
  grpcListen,
  httpListen,
  corsOrigins,
  databaseUrl,
  databaseOwnerUrl,
  dataDir,
  plansFile,
  auth,
  bootstrapAdminKeyFile,
  tlsCertFile,
  tlsKeyFile,
  tlsClientCaFile,
  ...jwtVariables,
  reflection,
  logLevel,
  databasePoolMax,
  databasePreparedStatements,
  statementTimeoutMs,
  lockTimeoutMs,
  drainTimeoutMs,
  ...boundVariables,
];
