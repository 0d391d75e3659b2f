import { setTimeout as delay } from "node:timers/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { hard } from "../rules/fixtures.ts";
import { aTenant } from "../support/builders.ts";
import { type KeyedApp, startKeyedApp } from "../support/keyed-app.ts";
import { audience, inSeconds, issuer, TokenIssuer } from "../support/token-issuer.ts";

export const roleNames = ["SERVICE", "TENANT", "ADMIN", "AUDITOR"] as const;
export type RoleName = (typeof roleNames)[number];

export const metricCode = "items";

/** A service that knows API keys and tokens, and credentials of every kind. */
export interface DoorWorld {
  readonly app: KeyedApp;
  /** Of the credentials of the role TENANT. */
  readonly tenantId: string;
  /** A good key and a good token of each role. */
  readonly good: Readonly<Record<RoleName, readonly string[]>>;
  /** Credentials that are none, by what is wrong with them. */
  readonly bad: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

export async function startDoorWorld(): Promise<DoorWorld> {
  const source = await TokenIssuer.start();
  const app = await startKeyedApp({
    env: { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: source.url },
  });
  await app.plans.createPlan({ plan: { code: "free", isDefault: true, limits: [hard(metricCode, 10n)] } });
  const tenantId = aTenant();
  const both = async (role: RoleName) => {
    const tenant = role === "TENANT" ? { tenantId } : {};
    const { secret } = await app.newKey({ role: Role[role], ...tenant });
    return [secret, await source.issue({ role, ...(role === "TENANT" ? { tenant_id: tenantId } : {}) })];
  };
  const good = {
    SERVICE: await both("SERVICE"),
    TENANT: await both("TENANT"),
    ADMIN: await both("ADMIN"),
    AUDITOR: await both("AUDITOR"),
  };
  return { app, tenantId, good, bad: await badCredentials(app, source), stop };

  async function stop(): Promise<void> {
    await app.stop();
    await source.stop();
  }
}

async function badCredentials(app: KeyedApp, source: TokenIssuer): Promise<ReadonlyMap<string, string>> {
  const revoked = await app.newKey();
  await app.apiKeys.revokeApiKey({ id: revoked.id });
  const expiresAt = Date.now() + 500;
  const expired = await app.newKey({ expiresAt: timestampFromMs(expiresAt) });
  // By the database's clock, which is this machine's.
  await delay(expiresAt + 100 - Date.now());
  const { secret } = await app.newKey();
  const [head, , signature] = (await source.issue({ role: "SERVICE" })).split(".");
  const claims = { iss: issuer, aud: audience, sub: "someone", role: "ADMIN", exp: inSeconds(900) };
  const [unsigned, payload] = [{ alg: "none" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  return new Map([
    ["a forged key", `${secret.slice(0, -6)}abcdef`],
    ["a revoked key", revoked.secret],
    ["an expired key", expired.secret],
    ["a token with other claims than were signed", `${head}.${payload}.${signature}`],
    ["a token that nobody signed", `${unsigned}.${payload}.`],
    ["an expired token", await source.issue({ exp: inSeconds(-3_600) })],
    ["a token for another audience", await source.issue({ aud: "other" })],
    ["a token of another issuer", await source.issue({ iss: "https://other.example" })],
    ["what is neither", "let me in"],
  ]);
}
