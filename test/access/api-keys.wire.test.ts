import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiKey, Role } from "../../gen/quota/v1/api_key_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { query } from "../rules/stored-rows.ts";
import { aTenant, minuteMs } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { type KeyedApp, startKeyedApp } from "../support/keyed-app.ts";

const now = Date.UTC(2026, 5, 1, 12);
let app: KeyedApp;

beforeAll(async () => {
  app = await startKeyedApp();
  await app.setClock(now);
});

afterAll(async () => {
  await app.stop();
});

const ms = (instant: ApiKey["createdAt"]) => (instant === undefined ? undefined : timestampDate(instant).getTime());
const plansAs = (secret: string) => app.connect(secret).service(PlanService);

describe("creating a key", () => {
  it("shows the secret once, and stores a hash of it and nothing else", async () => {
    const tenantId = aTenant();
    const request = { displayName: "Größe „XL“", role: Role.TENANT, tenantId: tenantId.toUpperCase() };
    const { apiKey, secret } = await app.apiKeys.createApiKey(request);
    expect(secret).toMatch(/^qsk_[0-9a-f]{80}$/);
    expect(apiKey).toMatchObject({
      displayName: request.displayName,
      role: Role.TENANT,
      tenantId,
      prefix: secret.slice(0, 16),
    });
    expect(apiKey?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ms(apiKey?.createdAt)).toBe(now);
    expect([apiKey?.expiresAt, apiKey?.lastUsedAt, apiKey?.revokedAt]).toEqual([undefined, undefined, undefined]);
    const rows = await query(app.database, "select k::text from quota_api_key k");
    expect(JSON.stringify(rows)).not.toContain(secret.slice(16));
    const { apiKeys } = await app.apiKeys.listApiKeys({ tenantId });
    expect(apiKeys).toEqual([apiKey]);
  });

  it("makes another one each time", async () => {
    const [one, other] = [await app.newKey(), await app.newKey()];
    expect(one.id).not.toBe(other.id);
    expect(one.secret).not.toBe(other.secret);
  });

  it.each<[string, Parameters<KeyedApp["apiKeys"]["createApiKey"]>[0], string[]]>([
    ["an empty request", {}, ["display_name", "role"]],
    ["a name that is too long", { displayName: "n".repeat(201), role: Role.ADMIN }, ["display_name"]],
    ["a name with U+0000", { displayName: "a\u0000", role: Role.ADMIN }, ["display_name"]],
    ["a role that does not exist", { displayName: "n", role: 9 as Role }, ["role"]],
    ["a tenant's key without a tenant", { displayName: "n", role: Role.TENANT }, ["tenant_id"]],
    ["a tenant's key with an empty tenant", { displayName: "n", role: Role.TENANT, tenantId: "" }, ["tenant_id"]],
    ["a service's key with a tenant", { displayName: "n", role: Role.SERVICE, tenantId: aTenant() }, ["tenant_id"]],
    ["an expiry that is now", { displayName: "n", role: Role.ADMIN, expiresAt: timestampFromMs(now) }, ["expires_at"]],
    [
      "an expiry out of range",
      { displayName: "n", role: Role.ADMIN, expiresAt: { seconds: -1n, nanos: 0 } },
      ["expires_at"],
    ],
  ])("refuses %s, and names the fields", async (_, request, fields) => {
    const before = await query(app.database, "select id from quota_api_key");
    const refusal = await refusalOfCall(app.apiKeys.createApiKey(request));
    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_REQUEST" });
    expect(refusal.badRequest?.fieldViolations.map(({ field }) => field)).toEqual(fields);
    expect(await query(app.database, "select id from quota_api_key")).toEqual(before);
  });
});

describe("a key", () => {
  it("works until the instant at which it expires by the database's clock, and no longer", async () => {
    const { secret } = await app.newKey({ expiresAt: timestampFromMs(now + minuteMs) });
    const plans = plansAs(secret);
    await app.setClock(now + minuteMs - 1);
    await plans.listPlans({});
    await app.setClock(now + minuteMs);
    // What was left of its time is over.
    await new Promise((resolve) => setTimeout(resolve, 2));
    const refusal = await refusalOfCall(plans.listPlans({}));
    expect(refusal).toMatchObject({ code: "UNAUTHENTICATED", reason: "CREDENTIAL_INVALID" });
    await app.setClock(now);
  });

  it("in use expires at its time as well, and not with its lease", async () => {
    await app.setClock(undefined);
    const expiresAt = Date.now() + 1_000;
    const { secret } = await app.newKey({ expiresAt: timestampFromMs(expiresAt) });
    const plans = plansAs(secret);
    let lastAnsweredAt = 0;
    while (
      await plans.listPlans({}).then(
        () => true,
        () => false,
      )
    )
      lastAnsweredAt = Date.now();
    expect(lastAnsweredAt).toBeGreaterThan(expiresAt - 500);
    expect(lastAnsweredAt).toBeLessThan(expiresAt + 200);
    await app.setClock(now);
  });

  it("tells when it was last used, once the process has written it down", async () => {
    const other = await startKeyedApp({ database: app.database });
    const [used, unused] = [await app.newKey(), await app.newKey()];
    await other.connect(used.secret).service(PlanService).listPlans({});
    await app.setClock(now + minuteMs);
    await other.stop();
    const { apiKeys } = await app.apiKeys.listApiKeys({ role: Role.SERVICE });
    const lastUse = (id: string) => ms(apiKeys.find((key) => key.id === id)?.lastUsedAt);
    expect(lastUse(used.id)).toBeGreaterThan(now);
    expect(lastUse(used.id)).toBeLessThanOrEqual(now + minuteMs);
    expect(lastUse(unused.id)).toBeUndefined();
    await app.setClock(now);
  });

  it("acts in its role, and a tenant's within its tenant", async () => {
    const tenantId = aTenant();
    await app.plans.createPlan({ plan: { code: "free", isDefault: true, limits: [] } });
    const { secret } = await app.newKey({ role: Role.TENANT, tenantId });
    const quota = app.connect(secret).service(QuotaService);
    expect((await quota.getStatus({})).metrics).toEqual([]);
    expect((await quota.getStatus({ tenantId })).metrics).toEqual([]);
    for (const [call, reason] of [
      [() => quota.getStatus({ tenantId: aTenant() }), "TENANT_MISMATCH"],
      [() => quota.checkQuota({ metricCode: "m", amount: 1n, planCode: "free" }), "PLAN_CODE_NOT_ALLOWED"],
      [() => plansAs(secret).listPlans({}), "ROLE_NOT_ALLOWED"],
      [() => app.quota.getStatus({ tenantId }), "ROLE_NOT_ALLOWED"],
    ] as const) {
      expect(await refusalOfCall(call())).toMatchObject({ code: "PERMISSION_DENIED", reason });
    }
  });
});

describe("listing keys", () => {
  it("is newest first, page by page, by tenant, role and whether they still work", async () => {
    const tenantId = aTenant();
    const made: string[] = [];
    for (let step = 0; step < 5; step += 1) {
      await app.setClock(now + 10_000 + step);
      const expiresAt = step === 0 ? timestampFromMs(now + 10_001) : undefined;
      made.unshift((await app.newKey({ role: Role.TENANT, tenantId, expiresAt })).id);
    }
    const ids: string[] = [];
    let pageToken = "";
    do {
      const page = await app.apiKeys.listApiKeys({ tenantId, pageSize: 2, pageToken });
      expect(page.apiKeys.length).toBeLessThanOrEqual(2);
      ids.push(...page.apiKeys.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(ids).toEqual(made);
    const active = await app.apiKeys.listApiKeys({ tenantId, activeOnly: true });
    expect(active.apiKeys.map(({ id }) => id)).toEqual(made.slice(0, 4));
    expect((await app.apiKeys.listApiKeys({ tenantId, role: Role.AUDITOR })).apiKeys).toEqual([]);
    expect((await app.apiKeys.listApiKeys({ role: Role.TENANT, pageSize: 1 })).apiKeys[0]?.id).toBe(made[0]);
    await app.setClock(now);
  });

  it("refuses a page token of another list", async () => {
    const { nextPageToken } = await app.apiKeys.listApiKeys({ pageSize: 1 });
    expect(nextPageToken).not.toBe("");
    for (const other of [{ activeOnly: true }, { role: Role.ADMIN }, { tenantId: aTenant() }]) {
      const refusal = await refusalOfCall(app.apiKeys.listApiKeys({ ...other, pageToken: nextPageToken }));
      expect(refusal.reason).toBe("PAGE_TOKEN_INVALID");
    }
    expect((await app.apiKeys.listApiKeys({ pageSize: 3, pageToken: nextPageToken })).apiKeys).toHaveLength(3);
  });

  it("refuses fields that break their bounds", async () => {
    const refusal = await refusalOfCall(app.apiKeys.listApiKeys({ tenantId: "", role: 9 as Role, pageSize: -1 }));
    expect(refusal.badRequest?.fieldViolations.map(({ field }) => field)).toEqual(["tenant_id", "role", "page_size"]);
  });
});

describe("revoking a key", () => {
  it("keeps the first time, and the key in the list", async () => {
    const { id, secret } = await app.newKey({ role: Role.AUDITOR });
    const first = await app.apiKeys.revokeApiKey({ id: id.toUpperCase() });
    expect(ms(first.apiKey?.revokedAt)).toBe(now);
    await app.setClock(now + minuteMs);
    const second = await app.apiKeys.revokeApiKey({ id });
    expect(second.apiKey).toEqual(first.apiKey);
    await app.setClock(now);
    expect((await app.apiKeys.listApiKeys({ role: Role.AUDITOR })).apiKeys).toContainEqual(first.apiKey);
    expect((await refusalOfCall(plansAs(secret).listPlans({}))).reason).toBe("CREDENTIAL_INVALID");
  });

  it("refuses an id that no key has, and what is no id", async () => {
    const id = aTenant();
    const refusal = await refusalOfCall(app.apiKeys.revokeApiKey({ id }));
    expect(refusal).toMatchObject({ code: "NOT_FOUND", reason: "API_KEY_NOT_FOUND" });
    expect(refusal.info?.metadata).toEqual({ api_key_id: id });
    for (const bad of ["", "x", "00000000-0000-0000-0000-000000000000"]) {
      expect((await refusalOfCall(app.apiKeys.revokeApiKey({ id: bad }))).badRequest?.fieldViolations[0]?.field).toBe(
        "id",
      );
    }
  });
});

it("an auditor lists keys and changes none", async () => {
  const { secret, id } = await app.newKey({ role: Role.AUDITOR });
  const apiKeys = app.connect(secret).service(ApiKeyService);
  expect((await apiKeys.listApiKeys({})).apiKeys.length).toBeGreaterThan(0);
  for (const call of [
    () => apiKeys.createApiKey({ displayName: "n", role: Role.ADMIN }),
    () => apiKeys.revokeApiKey({ id }),
  ]) {
    expect((await refusalOfCall(call())).reason).toBe("ROLE_NOT_ALLOWED");
  }
});

it("no secret ever reaches the log, whatever was done with it", async () => {
  const { secret } = await app.newKey();
  await plansAs(secret).listPlans({});
  await refusalOfCall(plansAs(`${secret.slice(0, -1)}x`).listPlans({}));
  await refusalOfCall(plansAs(`${secret}0`).listPlans({}));
  const logged = JSON.stringify(app.logged);
  expect(logged).toContain("call answered");
  for (const one of [secret, app.adminSecret]) expect(logged).not.toContain(one.slice(16, 60));
});

it("a peer that shows too many wrong credentials is held back, and its good ones are not", async () => {
  const { secret } = await app.newKey();
  await plansAs(secret).listPlans({});
  const wrong = plansAs(`qsk_${"0".repeat(80)}`);
  const reasons: (string | undefined)[] = [];
  for (let time = 0; time < 40; time += 1) reasons.push((await refusalOfCall(wrong.listPlans({}))).reason);
  expect(new Set(reasons.slice(0, 20))).toEqual(new Set(["CREDENTIAL_INVALID"]));
  expect(reasons).toContain("CALLER_THROTTLED");
  const refusal = await refusalOfCall(
    app
      .connect((await app.newKey()).secret)
      .service(PlanService)
      .listPlans({}),
  );
  expect(refusal).toMatchObject({ code: "UNAVAILABLE", reason: "CALLER_THROTTLED" });
  expect(refusal.info?.metadata).toEqual({ scope: "peer" });
  expect(refusal.retryInfo).toBeDefined();
  await plansAs(secret).listPlans({});
});
