import { randomUUID } from "node:crypto";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { hard } from "../rules/fixtures.ts";
import { query } from "../start/database-state.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { type KeyedApp, startKeyedApp } from "../support/keyed-app.ts";
import type { TestAppOptions } from "../support/test-app.ts";
import { audience, inSeconds, issuer, TokenIssuer } from "../support/token-issuer.ts";
import type { Subject } from "./attack-rows.ts";

export const roleNames = ["SERVICE", "TENANT", "ADMIN", "AUDITOR"] as const;
export type RoleName = (typeof roleNames)[number];

/** Two tenants with the same things, one of whom attacks the other, and a credential of every kind. */
export interface AttackWorld {
  readonly app: KeyedApp;
  readonly own: Subject;
  readonly foreign: Subject;
  /** Of nobody: nothing of it is there. */
  readonly absent: Subject;
  /** Secrets of good credentials; that of TENANT is the attacker's own. */
  readonly secrets: Readonly<Record<RoleName, string>>;
  readonly foreignSecret: string;
  /** Credentials that are none, by what is wrong with them. */
  readonly invalid: Readonly<Record<string, string>>;
  /** Everything that is stored of everybody but the attacker. */
  foreignState(): Promise<unknown>;
}

export const metricCode = "items";

export async function startAttackWorld(options: TestAppOptions = {}): Promise<AttackWorld> {
  const source = await TokenIssuer.start();
  const env = { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: source.url, ...options.env };
  const app = await startKeyedApp({ ...options, env });
  const service = await app.newKey();
  const tenants: { readonly secret: string; readonly subject: Subject }[] = [];
  for (const amount of [3n, 40n]) {
    const planCode = aCode("plan");
    await app.plans.createPlan({
      plan: { code: planCode, displayName: "A plan", limits: [hard(metricCode, 1_000_000n)] },
    });
    const tenantId = aTenant();
    await app.subscriptions.putSubscription({ subscription: { tenantId, planCode } });
    await app.subscriptions.putLimitOverride({ override: { tenantId, metricCode, limit: 500_000n, reason: "agreed" } });
    const key = await app.newKey({ role: Role.TENANT, tenantId });
    const quota = app.connect(service.secret).service(QuotaService);
    const idempotencyKey = aCode("key");
    await quota.recordUsage({ tenantId, metricCode, amount, idempotencyKey });
    await quota.recordUsage({ tenantId, metricCode, amount });
    const { nextPageToken: pageToken } = await quota.listEvents({ tenantId, pageSize: 1 });
    tenants.push({
      secret: key.secret,
      subject: { tenantId, planCode, metricCode, idempotencyKey, amount, keyId: key.id, pageToken },
    });
  }
  const [own, foreign] = tenants;
  if (own === undefined || foreign === undefined) throw new Error("there are two tenants");
  const revoked = await app.newKey();
  await app.apiKeys.revokeApiKey({ id: revoked.id });
  const expired = await app.newKey();
  await query(
    app.database.superuserUrl,
    "update quota_api_key set expires_at = created_at + interval '1 ms' where id = $1",
    [expired.id],
  );
  const token = await source.issue({ role: "ADMIN" });
  return {
    app: {
      ...app,
      stop: async () => {
        await app.stop();
        await source.stop();
      },
    },
    own: own.subject,
    foreign: foreign.subject,
    absent: {
      tenantId: aTenant(),
      planCode: aCode("plan"),
      metricCode,
      idempotencyKey: aCode("key"),
      amount: 40n,
      keyId: randomUUID(),
      pageToken: own.subject.pageToken.slice(0, -4),
    },
    secrets: {
      SERVICE: service.secret,
      TENANT: own.secret,
      ADMIN: app.adminSecret,
      AUDITOR: (await app.newKey({ role: Role.AUDITOR })).secret,
    },
    foreignSecret: foreign.secret,
    invalid: {
      forged: `${foreign.secret.slice(0, -6)}abcdef`,
      revoked: revoked.secret,
      expired: expired.secret,
      "a forged token": `${token.slice(0, -6)}${token.endsWith("AAAAAA") ? "BBBBBB" : "AAAAAA"}`,
      "an expired token": await source.issue({ role: "ADMIN", exp: inSeconds(-3_600) }),
      "of another form": "let me in",
      empty: "",
    },
    foreignState: async () => {
      const state: Record<string, unknown> = {};
      for (const { tablename } of await query<{ tablename: string }>(
        app.database.superuserUrl,
        "select tablename from pg_tables where schemaname = 'public' and tablename like 'quota%' order by 1",
      )) {
        const rows = await query<{ row: Record<string, unknown> }>(
          app.database.superuserUrl,
          `select to_jsonb(t) - 'last_used_at' as row from ${tablename} t order by 1`,
        );
        state[tablename] = rows.map(({ row }) => row).filter((row) => row["tenant_id"] !== own.subject.tenantId);
      }
      return state;
    },
  };
}
