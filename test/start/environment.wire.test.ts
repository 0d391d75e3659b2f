import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { configVariables } from "../../src/config/config-variables.ts";
import { failToStart } from "../support/server-process.ts";
import { escaped, expectRefusal } from "./refusal.ts";

interface BadValue {
  readonly variable: string;
  readonly value: string;
  /** The value as the line shows it, where that is not the value itself. */
  readonly shown?: string;
  /** What the line says is allowed, where that is not what the README's table says. */
  readonly allowed?: string;
  readonly others?: Readonly<Record<string, string>>;
}

const ownerUrl = "postgres://owner:hush@127.0.0.1:5432/quota";

const badValues: readonly BadValue[] = [
  { variable: "GRPC_LISTEN", value: "50051" },
  { variable: "GRPC_LISTEN", value: "127.0.0.1:50051\nGRPC_LISTEN is fine", shown: "127.0.0.1:50051\\" },
  { variable: "GRPC_LISTEN", value: "0.0.0.0:50051", allowed: "only a loopback address" },
  { variable: "HTTP_LISTEN", value: "localhost" },
  { variable: "HTTP_LISTEN", value: "[::]:8080", allowed: "only a loopback address" },
  { variable: "CORS_ORIGINS", value: "*" },
  { variable: "DATABASE_URL", value: "mysql://quota:hush@127.0.0.1/quota", shown: "***" },
  { variable: "DATABASE_OWNER_URL", value: "host=127.0.0.1 password=hush", shown: "***" },
  {
    variable: "DATABASE_OWNER_URL",
    value: ownerUrl,
    shown: "postgres://owner:***@127.0.0.1:5432/quota",
    allowed: "only together with DATABASE_URL",
  },
  { variable: "AUTH", value: "yes" },
  { variable: "REFLECTION", value: "maybe" },
  { variable: "TLS_CERT_FILE", value: "x.pem", allowed: "only together with TLS_KEY_FILE" },
  { variable: "TLS_KEY_FILE", value: "x.pem", allowed: "only together with TLS_CERT_FILE" },
  { variable: "TLS_CLIENT_CA_FILE", value: "x.pem", allowed: "only together with TLS_CERT_FILE" },
  { variable: "JWT_ISSUER", value: "https://issuer.example", allowed: "only with AUTH=required, and AUTH is none" },
  { variable: "JWT_AUDIENCE", value: "quota", allowed: "only together with JWT_ISSUER" },
  { variable: "JWT_JWKS_URL", value: "http://issuer.example/jwks" },
  { variable: "JWT_JWKS_FILE", value: "jwks.json", allowed: "only together with JWT_ISSUER" },
  { variable: "JWT_ALGORITHMS", value: "RS256,HS256" },
  { variable: "JWT_CLOCK_TOLERANCE_SECONDS", value: "301" },
  { variable: "JWT_ROLE_CLAIM", value: "roles", allowed: "only together with JWT_ISSUER" },
  { variable: "JWT_TENANT_CLAIM", value: "tenant", allowed: "only together with JWT_ISSUER" },
  { variable: "JWT_ROLES", value: "admin=OWNER" },
  { variable: "LOG_LEVEL", value: "verbose" },
  { variable: "DATABASE_POOL_MAX", value: "0" },
  { variable: "DATABASE_PREPARED_STATEMENTS", value: "maybe" },
  { variable: "STATEMENT_TIMEOUT_MS", value: "5s" },
  { variable: "LOCK_TIMEOUT_MS", value: "1e3" },
  {
    variable: "LOCK_TIMEOUT_MS",
    value: "900",
    allowed: "less than STATEMENT_TIMEOUT_MS, which is 900",
    others: { STATEMENT_TIMEOUT_MS: "900" },
  },
  { variable: "DRAIN_TIMEOUT_MS", value: "-1" },
  { variable: "CALLER_RATE_MAX", value: "0" },
  { variable: "CALLER_CONCURRENCY_MAX", value: "many" },
  { variable: "TENANT_RATE_MAX", value: "1000000000" },
  { variable: "TENANT_CONCURRENCY_MAX", value: "-1" },
  { variable: "CONNECTIONS_MAX", value: "1" },
  { variable: "CONNECTION_AGE_MAX_MS", value: "1h" },
  { variable: "CONNECTION_IDLE_MAX_MS", value: "10" },
];

/** Any text may be a path; whether it leads to something useful, only the start can tell. */
const paths = ["DATA_DIR", "PLANS_FILE", "BOOTSTRAP_ADMIN_KEY_FILE"];

describe("a start with a wrong value in its environment", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "quota-test-"));
  });

  // The working folder is where the embedded database would lie.
  afterEach(async () => {
    expect(await readdir(folder)).toEqual([]);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it("has a case here for every variable", () => {
    const named = new Set([...badValues.map(({ variable }) => variable), ...paths]);
    expect(configVariables.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  it.each(badValues.map((bad) => [bad.variable, JSON.stringify(bad.value), bad] as const))(
    "names %s, its value and what is allowed: %s",
    async (_variable, _value, bad) => {
      const { variable, value, shown = value, others = {} } = bad;
      const allowed = bad.allowed ?? configVariables.find(({ name }) => name === variable)?.allowed.replaceAll("`", "");
      const failed = await failToStart({ ...others, [variable]: value }, folder);
      expectRefusal(failed, new RegExp(`^${variable} is "${escaped(shown)}.*": allowed is ${escaped(`${allowed}`)}`));
      expect(`${failed.stdout}${failed.stderr}`).not.toContain("hush");
      expect(failed.stdout).toBe("");
    },
  );

  it("names PLANS_FILE when there is no such file, and starts no database", async () => {
    const failed = await failToStart({ PLANS_FILE: "missing.yaml", DATA_DIR: "data" }, folder);
    expectRefusal(failed, /^missing\.yaml: cannot be read \(PLANS_FILE\): there is no such file$/);
  });

  it("names DATA_DIR when it is no folder, and leaves it alone", async () => {
    const plansFile = join(folder, "plans.yaml");
    await writeFile(plansFile, "plans: []\n");
    const failed = await failToStart({ PLANS_FILE: plansFile, DATA_DIR: plansFile }, folder);
    expectRefusal(failed, new RegExp(`^cannot use DATA_DIR ${escaped(plansFile)}: it is a file, not a folder$`));
    await rm(plansFile);
  });
});
