import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/quota/v1/admin_service_pb.ts";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { exactly, expectRefusal } from "../start/refusal.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { type KeyedApp, startKeyedApp } from "../support/keyed-app.ts";
import { failToStart } from "../support/server-process.ts";
import { audience, inSeconds, issuer, TokenIssuer } from "../support/token-issuer.ts";

let source: TokenIssuer;
let app: KeyedApp;

beforeAll(async () => {
  source = await TokenIssuer.start();
  app = await startKeyedApp({ env: { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: source.url } });
  await app.plans.createPlan({ plan: { code: "free", isDefault: true } });
});

afterAll(async () => {
  await app.stop();
  await source.stop();
});

describe("a token", () => {
  it("is a credential beside API keys, in its role, through both doors", async () => {
    const token = await source.issue({ role: "ADMIN", sub: "alice" });
    const code = aCode("plan");
    await app.connect(token).service(PlanService).createPlan({ plan: { code } });
    const auditor = await source.issue({ role: "AUDITOR" });
    const { changes } = await app.connect(auditor).service(AdminService).listChanges({ objectId: code });
    expect(changes).toMatchObject([{ actorName: "alice", actorRole: Role.ADMIN }]);
    expect(changes[0]?.actorKeyId).toBeUndefined();
    const answer = await fetch(`${app.httpUrl}/quota.v1.PlanService/ListPlans`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: "{}",
    });
    expect(answer.status).toBe(200);
    const refusal = await refusalOfCall(app.connect(auditor).service(PlanService).createPlan({ plan: { code } }));
    expect(refusal.reason).toBe("ROLE_NOT_ALLOWED");
  });

  it("of a tenant acts within it", async () => {
    const tenantId = aTenant();
    const quota = app.connect(await source.issue({ role: "TENANT", tenant_id: tenantId })).service(QuotaService);
    expect((await quota.getStatus({})).metrics).toEqual([]);
    expect((await refusalOfCall(quota.getStatus({ tenantId: aTenant() }))).reason).toBe("TENANT_MISMATCH");
  });

  it("that is not good is CREDENTIAL_INVALID, in the same words as a key", async () => {
    const texts = new Set<string>();
    for (const claims of [{ exp: inSeconds(-60) }, { aud: "other" }, { role: "OWNER" }]) {
      const plans = app.connect(await source.issue(claims)).service(PlanService);
      const refusal = await refusalOfCall(plans.listPlans({}));
      expect(refusal).toMatchObject({ code: "UNAUTHENTICATED", reason: "CREDENTIAL_INVALID" });
      texts.add(refusal.message);
    }
    texts.add(
      (
        await refusalOfCall(
          app
            .connect(`qsk_${"0".repeat(80)}`)
            .service(PlanService)
            .listPlans({}),
        )
      ).message,
    );
    expect(texts.size).toBe(1);
  });

  it("never reaches the log", async () => {
    const token = await source.issue({ role: "AUDITOR", sub: "logged" });
    await app.connect(token).service(PlanService).listPlans({});
    await refusalOfCall(app.connect(`${token}x`).service(PlanService).listPlans({}));
    expect(JSON.stringify(app.logged)).not.toContain(token.split(".")[2]);
  });
});

it("while the issuer's keys cannot be had, tokens are UNAVAILABLE, keys work, and the log says why once", async () => {
  const down = await TokenIssuer.start();
  down.status = 503;
  const env = { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: down.url };
  const other = await startKeyedApp({ database: app.database, env });
  const plans = other.connect(await down.issue({ role: "ADMIN" })).service(PlanService);
  for (let time = 0; time < 40; time += 1) {
    const refusal = await refusalOfCall(plans.listPlans({}));
    expect(refusal).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
    expect(refusal.retryInfo).toBeDefined();
  }
  await other.plans.listPlans({});
  expect(other.logged.filter(({ msg }) => msg === "the keys of the token's issuer cannot be had")).toHaveLength(1);
  await other.stop();
  await down.stop();
});

it("a start with a key file that holds none is refused in one line", async () => {
  const folder = await mkdtemp(join(tmpdir(), "quota-test-jwks-"));
  const file = join(folder, "jwks.json");
  await writeFile(file, "{}");
  const failed = await failToStart({
    DATABASE_URL: app.database.serviceUrl,
    AUTH: "required",
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: audience,
    JWT_JWKS_FILE: file,
  });
  expectRefusal(failed, exactly(`JWT_JWKS_FILE: ${file} holds no JSON Web Key Set with a key in it`));
  await rm(folder, { recursive: true });
});
