import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultDoorBounds } from "../../src/api/abuse/door-bounds.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import { configVariables } from "../../src/config/config-variables.ts";
import { isLoopback, listenAddressText, parseListenAddress } from "../../src/config/listen-address.ts";
import { type Environment, parseConfig } from "../../src/config/parse-config.ts";

const databaseUrl = "postgres://quota_service:secret@db.example:5432/quota";
const ownerUrl = "postgres://quota_owner:secret@db.example:5432/quota";

function errorOf(env: Environment): ConfigError {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(env)} was accepted`);
}

const defaults = {
  grpcListen: { host: "127.0.0.1", port: 50_051 },
  httpListen: { host: "127.0.0.1", port: 8_080 },
  corsOrigins: [],
  database: { kind: "embedded", dataDirectory: ".data" },
  plansFile: "examples/plans.yaml",
  auth: "none",
  reflection: "on",
  logLevel: "info",
  databasePoolMax: 10,
  databasePreparedStatements: "on",
  statementTimeoutMs: 5_000,
  lockTimeoutMs: 2_000,
  drainTimeoutMs: 8_000,
  bounds: defaultDoorBounds,
};

describe("defaults", () => {
  test("an empty environment gives every default", () => {
    expect(parseConfig({})).toEqual(defaults);
  });

  test("an empty variable counts as unset, whichever it is but AUTH", () => {
    const names = configVariables.map(({ name }) => name).filter((name) => name !== "AUTH");
    const empty = Object.fromEntries(names.map((name) => [name, ""]));
    expect(parseConfig(empty)).toEqual(defaults);
  });

  test("a variable that is not ours is ignored", () => {
    expect(parseConfig({ PATH: "/usr/bin", GRPC_LISTENN: "nonsense", grpc_listen: "nonsense" })).toEqual(defaults);
  });

  test("an external database reads no plans file unless one is named", () => {
    expect(parseConfig({ DATABASE_URL: databaseUrl })).not.toHaveProperty("plansFile");
    expect(parseConfig({ DATABASE_URL: databaseUrl, PLANS_FILE: "" })).not.toHaveProperty("plansFile");
    expect(parseConfig({ DATABASE_URL: databaseUrl, PLANS_FILE: "p.yaml" }).plansFile).toBe("p.yaml");
  });
});

describe("accepted values", () => {
  test.each<[Environment, object]>([
    [{ GRPC_LISTEN: "127.0.0.1:0" }, { grpcListen: { host: "127.0.0.1", port: 0 } }],
    [{ GRPC_LISTEN: "[::1]:50051" }, { grpcListen: { host: "::1", port: 50_051 } }],
    [{ GRPC_LISTEN: "localhost:65535" }, { grpcListen: { host: "localhost", port: 65_535 } }],
    [{ HTTP_LISTEN: "[::1]:80" }, { httpListen: { host: "::1", port: 80 } }],
    [{ CORS_ORIGINS: "https://a.example" }, { corsOrigins: ["https://a.example"] }],
    [
      { CORS_ORIGINS: "https://a.example, http://localhost:5173" },
      { corsOrigins: ["https://a.example", "http://localhost:5173"] },
    ],
    [{ DATABASE_URL: databaseUrl }, { database: { kind: "external", url: databaseUrl } }],
    [
      { DATABASE_URL: databaseUrl, DATABASE_OWNER_URL: ownerUrl },
      { database: { kind: "external", url: databaseUrl, ownerUrl } },
    ],
    [{ DATABASE_URL: "postgresql://h/d" }, { database: { kind: "external", url: "postgresql://h/d" } }],
    [
      { DATABASE_URL: "postgres://u:p%40ss@[::1]:5/d?sslmode=verify-full&sslrootcert=/ca.pem" },
      { database: { kind: "external", url: "postgres://u:p%40ss@[::1]:5/d?sslmode=verify-full&sslrootcert=/ca.pem" } },
    ],
    [{ DATA_DIR: "/srv/quota" }, { database: { kind: "embedded", dataDirectory: "/srv/quota" } }],
    [{ PLANS_FILE: "/etc/quota/plans.yaml" }, { plansFile: "/etc/quota/plans.yaml" }],
    [{ AUTH: "none" }, { auth: "none" }],
    [{ AUTH: "required" }, { auth: "required" }],
    [
      { AUTH: "required", GRPC_LISTEN: "0.0.0.0:50051" },
      { auth: "required", grpcListen: { host: "0.0.0.0", port: 50_051 } },
    ],
    [{ BOOTSTRAP_ADMIN_KEY_FILE: "/run/secrets/admin" }, { bootstrapAdminKeyFile: "/run/secrets/admin" }],
    [{ REFLECTION: "off" }, { reflection: "off" }],
    [
      {
        AUTH: "required",
        JWT_ISSUER: "https://i.example",
        JWT_AUDIENCE: "quota",
        JWT_JWKS_URL: "https://i.example/jwks",
      },
      {
        jwt: {
          issuer: "https://i.example",
          audience: "quota",
          keys: { url: new URL("https://i.example/jwks") },
          algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
          clockToleranceSeconds: 30,
          roleClaim: "role",
          tenantClaim: "tenant_id",
        },
      },
    ],
    [
      {
        AUTH: "required",
        JWT_ISSUER: "i",
        JWT_AUDIENCE: "a",
        JWT_JWKS_FILE: "jwks.json",
        JWT_ALGORITHMS: "ES512,EdDSA",
        JWT_ROLE_CLAIM: "/realm_access/roles",
        JWT_ROLES: "quota-admin=ADMIN,viewer=AUDITOR,support=AUDITOR",
      },
      {
        jwt: {
          keys: { file: "jwks.json" },
          algorithms: ["ES512", "EdDSA"],
          roleClaim: "/realm_access/roles",
          roles: new Map([
            ["quota-admin", "ADMIN"],
            ["viewer", "AUDITOR"],
            ["support", "AUDITOR"],
          ]),
        },
      },
    ],
    [{ TLS_CERT_FILE: "c.pem", TLS_KEY_FILE: "k.pem" }, { tls: { certFile: "c.pem", keyFile: "k.pem" } }],
    [
      { TLS_CERT_FILE: "c.pem", TLS_KEY_FILE: "k.pem", TLS_CLIENT_CA_FILE: "ca.pem" },
      { tls: { certFile: "c.pem", keyFile: "k.pem", clientCaFile: "ca.pem" } },
    ],
    [{ LOG_LEVEL: "silent" }, { logLevel: "silent" }],
    [{ DATABASE_POOL_MAX: "2" }, { databasePoolMax: 2 }],
    [{ DATABASE_POOL_MAX: "100" }, { databasePoolMax: 100 }],
    [{ DATABASE_PREPARED_STATEMENTS: "off" }, { databasePreparedStatements: "off" }],
    [
      { STATEMENT_TIMEOUT_MS: "600000", LOCK_TIMEOUT_MS: "300000" },
      { statementTimeoutMs: 600_000, lockTimeoutMs: 300_000 },
    ],
    [
      { STATEMENT_TIMEOUT_MS: "100", LOCK_TIMEOUT_MS: "99" },
      { statementTimeoutMs: 100, lockTimeoutMs: 99 },
    ],
    [{ LOCK_TIMEOUT_MS: "10" }, { lockTimeoutMs: 10 }],
    [{ DRAIN_TIMEOUT_MS: "0" }, { drainTimeoutMs: 0 }],
    [{ DRAIN_TIMEOUT_MS: "600000" }, { drainTimeoutMs: 600_000 }],
  ])("%j gives %j", (env, expected) => {
    expect(parseConfig(env)).toMatchObject(expected);
  });

  test("the data folder does not matter to an external database", () => {
    expect(parseConfig({ DATABASE_URL: databaseUrl, DATA_DIR: "/srv" }).database).not.toHaveProperty("dataDirectory");
  });
});

describe("refused values", () => {
  test.each<[Environment, string, string, string]>([
    ...[
      "50051",
      ":50051",
      "127.0.0.1",
      "127.0.0.1:",
      "127.0.0.1:65536",
      "127.0.0.1:050051",
      "127.0.0.1:-1",
      "127.0.0.1:http",
      "127.0.0.256:1",
      "::1:50051",
      "[127.0.0.1]:1",
      "[::1]",
      "[fe80::1%eth0]:1",
      "http://127.0.0.1:1",
      "local host:1",
      " 127.0.0.1:1",
      "-a:1",
      "unix:/tmp/s",
    ].map((text): [Environment, string, string, string] => [
      { GRPC_LISTEN: text },
      "GRPC_LISTEN",
      JSON.stringify(text),
      "host:port",
    ]),
    [{ GRPC_LISTEN: "0.0.0.0:50051" }, "GRPC_LISTEN", '"0.0.0.0:50051"', "loopback"],
    [{ GRPC_LISTEN: "[::]:50051" }, "GRPC_LISTEN", '"[::]:50051"', "loopback"],
    [{ GRPC_LISTEN: "quota.example:1", AUTH: "none" }, "GRPC_LISTEN", '"quota.example:1"', "AUTH is none"],
    [{ HTTP_LISTEN: "8080" }, "HTTP_LISTEN", '"8080"', "host:port"],
    [{ HTTP_LISTEN: "0.0.0.0:8080" }, "HTTP_LISTEN", '"0.0.0.0:8080"', "loopback"],
    ...[
      "*",
      "a.example",
      "https://a.example/",
      "https://a.example/path",
      "https://A.example",
      "https://a.example:443",
      "https://*.example",
      "https://a.example,",
      "null",
      "file:///",
    ].map((text): [Environment, string, string, string] => [
      { CORS_ORIGINS: text },
      "CORS_ORIGINS",
      JSON.stringify(text),
      "without paths and wildcards",
    ]),
    [{ DATABASE_URL: "db.example/quota" }, "DATABASE_URL", "***", "postgres://"],
    [{ AUTH: "" }, "AUTH", '""', "none"],
    [{ DATABASE_URL: "mysql://u:p@h/d" }, "DATABASE_URL", "***", "postgres://"],
    [{ DATABASE_URL: "postgres://u:p@h" }, "DATABASE_URL", "postgres://u:***@h", "/database"],
    [{ DATABASE_URL: "postgres://u:p@h/" }, "DATABASE_URL", "postgres://u:***@h/", "/database"],
    [{ DATABASE_URL: "postgres:///d" }, "DATABASE_URL", "postgres:///d", "@host"],
    [{ DATABASE_URL: "postgres://u:p@h/a/b" }, "DATABASE_URL", "postgres://u:***@h/a/b", "/database"],
    [{ DATABASE_URL: "postgres://u:p/w@h/d" }, "DATABASE_URL", "postgres://u:***@h/d", "percent-encoded"],
    [{ DATABASE_URL: "postgres://u:12/w@h/d" }, "DATABASE_URL", "postgres://u:***@h/d", "percent-encoded"],
    [{ DATABASE_URL: "postgres://u:%zz@h/d" }, "DATABASE_URL", "postgres://u:***@h/d", "percent-encoded"],
    [{ DATABASE_URL: "postgres://u:p@h/d#x" }, "DATABASE_URL", "postgres://u:***@h/d?***", "for TLS"],
    [{ DATABASE_URL: "postgres://u:p@h/d?pool=3" }, "DATABASE_URL", "postgres://u:***@h/d?***", "for TLS"],
    [{ DATABASE_URL: "postgres://u:p@h/d?sslrootcert=" }, "DATABASE_URL", "postgres://u:***@h/d?***", "sslrootcert"],
    [{ DATABASE_URL: "postgres://u:p@h/d?sslmode=require" }, "DATABASE_URL", "postgres://u:***@h/d?***", "verify-full"],
    [{ DATABASE_URL: " postgres://h/d" }, "DATABASE_URL", "***", "postgres://"],
    [{ DATABASE_URL: "postgres://h/d\n" }, "DATABASE_URL", "postgres://h/d\\u000a", "postgres://"],
    [{ DATABASE_OWNER_URL: ownerUrl }, "DATABASE_OWNER_URL", "quota_owner:***@db", "together with DATABASE_URL"],
    [{ DATABASE_URL: databaseUrl, DATABASE_OWNER_URL: "x" }, "DATABASE_OWNER_URL", "***", "postgres://"],
    [{ AUTH: "NONE" }, "AUTH", '"NONE"', "one of none, required"],
    ...["none", "HS256", "RS256,none", "RS256,", "RS256,RS256", "rs256", "RS256 ,ES256"].map(
      (text): [Environment, string, string, string] => [
        { JWT_ALGORITHMS: text },
        "JWT_ALGORITHMS",
        JSON.stringify(text),
        "RS256",
      ],
    ),
    ...[
      "ftp://i/k",
      "http://i.example/k",
      "http://10.0.0.1/k",
      "https://u:p@i.example/k",
      "jwks",
      "http://localhost.evil.example/k",
    ].map((text): [Environment, string, string, string] => [
      { JWT_JWKS_URL: text },
      "JWT_JWKS_URL",
      JSON.stringify(text),
      "https://",
    ]),
    ...["a", "a=ADMIN,", "=ADMIN", "a=ADMIN=x", "a=admin", "a=ADMIN,a=AUDITOR", "a b=ADMIN"].map(
      (text): [Environment, string, string, string] => [
        { JWT_ROLES: text },
        "JWT_ROLES",
        JSON.stringify(text),
        "value=role",
      ],
    ),
    [{ AUTH: "required", JWT_ISSUER: "i" }, "JWT_ISSUER", '"i"', "together with JWT_AUDIENCE"],
    ...[{}, { AUTH: "none" }].map((auth): [Environment, string, string, string] => [
      { ...auth, JWT_ISSUER: "i", JWT_AUDIENCE: "a", JWT_JWKS_FILE: "f" },
      "JWT_ISSUER",
      '"i"',
      "only with AUTH=required",
    ]),
    [
      { AUTH: "required", JWT_ISSUER: "i", JWT_AUDIENCE: "a" },
      "JWT_ISSUER",
      '"i"',
      "together with JWT_JWKS_URL or JWT_JWKS_FILE",
    ],
    [
      { AUTH: "required", JWT_ISSUER: "i", JWT_AUDIENCE: "a", JWT_JWKS_URL: "https://i/k", JWT_JWKS_FILE: "f" },
      "JWT_JWKS_FILE",
      '"f"',
      "without JWT_JWKS_URL",
    ],
    [{ REFLECTION: "no" }, "REFLECTION", '"no"', "one of on, off"],
    [{ LOG_LEVEL: "INFO" }, "LOG_LEVEL", '"INFO"', "trace, debug, info, warn, error, fatal, silent"],
    ...["0", "1", "101", "-1", "1.5", "1e1", "010", "ten", " 10", "0x10", "9".repeat(64)].map(
      (text): [Environment, string, string, string] => [
        { DATABASE_POOL_MAX: text },
        "DATABASE_POOL_MAX",
        JSON.stringify(text),
        "from 2 to 100",
      ],
    ),
    [{ DATABASE_PREPARED_STATEMENTS: "yes" }, "DATABASE_PREPARED_STATEMENTS", '"yes"', "one of on, off"],
    [{ STATEMENT_TIMEOUT_MS: "99" }, "STATEMENT_TIMEOUT_MS", '"99"', "from 100 to 600000"],
    [{ STATEMENT_TIMEOUT_MS: "600001" }, "STATEMENT_TIMEOUT_MS", '"600001"', "from 100 to 600000"],
    [{ LOCK_TIMEOUT_MS: "9" }, "LOCK_TIMEOUT_MS", '"9"', "from 10 to 300000"],
    [{ LOCK_TIMEOUT_MS: "300001" }, "LOCK_TIMEOUT_MS", '"300001"', "from 10 to 300000"],
    [{ LOCK_TIMEOUT_MS: "5000" }, "LOCK_TIMEOUT_MS", '"5000"', "less than STATEMENT_TIMEOUT_MS, which is 5000"],
    [{ STATEMENT_TIMEOUT_MS: "1000" }, "LOCK_TIMEOUT_MS", '"2000"', "STATEMENT_TIMEOUT_MS, which is 1000"],
    [{ DRAIN_TIMEOUT_MS: "600001" }, "DRAIN_TIMEOUT_MS", '"600001"', "from 0 to 600000"],
  ])("%j is refused in one line that names variable, value and what is allowed", (env, variable, value, allowed) => {
    const error = errorOf(env);
    expect(error.variable).toBe(variable);
    expect(error.message).toMatch(new RegExp(`^${variable} is "[ -~]*"(?:\\.\\.\\.)?: allowed is [ -~]+$`));
    expect(error.message).toContain(value);
    expect(error.message.slice(error.message.indexOf(": allowed is "))).toContain(allowed);
  });
});

describe("passwords", () => {
  // Letters to look for, and what breaks URLs.
  const anyPassword = fc.stringMatching(/^[A-Z]{4}[A-Z0-9:/?#%&=+ [\]"'\\.\n-]{0,16}[A-Z]{4}$/);
  const urlPassword = fc.stringMatching(/^[A-Z]{4}[A-Z0-9:/?#%&=+@ [\]"'\\.\n-]{0,16}[A-Z]{4}$/);

  function expectUnseen(password: string, url: string): void {
    const [shown = ""] = errorOf({ DATABASE_OWNER_URL: url }).message.split(": allowed is ", 1);
    const leaked = (password.match(/[A-Z]{3}/g) ?? []).filter((part) => shown.slice(shown.indexOf('"')).includes(part));
    expect(leaked, shown).toEqual([]);
  }

  test.each<[string, (password: string) => string]>([
    ["in its place", (password) => `postgres://user:${password}@host/name`],
    ["in a URL without a database", (password) => `postgres://user:${password}@host`],
    ["as a parameter", (password) => `postgres://host/name?password=${password}`],
    ["as a parameter after a login", (password) => `postgres://user:x@host/name?password=${password}`],
    ["as a parameter before an @", (password) => `postgres://host/name?password=${password}&x=a@b`],
  ])("no part of one is shown %s, an @ in it included", (_, urlOf) => {
    fc.assert(fc.property(urlPassword, (password) => expectUnseen(password, urlOf(password))));
  });

  test.each<[string, (password: string) => string]>([
    ["without a host", (password) => `postgres://user:${password}`],
    ["with a mistyped scheme", (password) => `postgres:/user:${password}@host/name`],
    ["in libpq's other form", (password) => `host=localhost password=${password}`],
    ["alone", (password) => password],
  ])("no part of one is shown %s", (_, urlOf) => {
    fc.assert(
      fc.property(anyPassword, (password) => expectUnseen(password, urlOf(password))),
      // Looks like a URL by itself, which chance seldom comes upon.
      { examples: [["AAAA://AAAA"]] },
    );
  });
});

describe("listen addresses", () => {
  test.each(["127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]:1", "LocalHost:1"])(
    "%s is loopback",
    (text) => {
      const address = parseListenAddress(text);
      expect(address && isLoopback(address)).toBe(true);
    },
  );

  test.each(["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1", "localhost.example:1", "128.0.0.1:1"])(
    "%s is not loopback",
    (text) => {
      const address = parseListenAddress(text);
      expect(address && isLoopback(address)).toBe(false);
    },
  );

  test.each(["127.0.0.1:50051", "[::1]:0", "quota-1.example:7"])("%s is written as it was read", (text) => {
    const address = parseListenAddress(text);
    expect(address && listenAddressText(address)).toBe(text);
  });
});
