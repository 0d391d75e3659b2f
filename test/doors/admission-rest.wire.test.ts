import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aTenant } from "../support/builders.ts";
import { type DoorWorld, metricCode, type RoleName, roleNames, startDoorWorld } from "./door-world.ts";

/** Who may do what at the two REST endpoints: as at the RPCs that they stand for. */

const json = { "content-type": "application/json" };
const endpoints = [
  ["/api/quota/status/", { method: "GET", headers: {} }],
  [
    "/api/quota/check/",
    { method: "POST", headers: json, body: JSON.stringify({ metric_code: metricCode, amount: 1 }) },
  ],
] as const;
const allowed: readonly RoleName[] = ["SERVICE", "TENANT", "AUDITOR"];

// A service for each endpoint, as for each door.
describe.each(endpoints)("%s", (path, request) => {
  let world: DoorWorld;

  beforeAll(async () => {
    world = await startDoorWorld();
  });

  afterAll(() => world.stop());

  async function call(secret: string | undefined, tenantId: string | undefined) {
    const response = await fetch(`${world.app.httpUrl}${path}`, {
      ...request,
      headers: {
        ...request.headers,
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
        ...(tenantId === undefined ? {} : { "x-tenant-id": tenantId }),
      },
    });
    const { error } = (await response.json()) as {
      error?: { code: string; message: string; details: { violations?: { field: string }[] } };
    };
    return { status: response.status, code: error?.code, error, challenge: response.headers.get("www-authenticate") };
  }

  it("no credential is CREDENTIAL_MISSING, and the answer says what is wanted", async () => {
    const answer = await call(undefined, world.tenantId);
    expect(answer).toMatchObject({ status: 401, code: "CREDENTIAL_MISSING", challenge: "Bearer" });
  });

  it("what is no credential is CREDENTIAL_INVALID, in the same words whatever is wrong with it", async () => {
    const messages = new Set<string | undefined>();
    for (const [kind, secret] of world.bad) {
      const answer = await call(secret, world.tenantId);
      expect(answer, kind).toMatchObject({ status: 401, code: "CREDENTIAL_INVALID", challenge: "Bearer" });
      messages.add(answer.error?.message);
    }
    expect(messages.size).toBe(1);
  });

  it.each(roleNames)("%s, as key and as token, is let in or not as its role says", async (role) => {
    for (const secret of world.good[role]) {
      const { status, code } = await call(secret, world.tenantId);
      expect([status, code]).toEqual(allowed.includes(role) ? [200, undefined] : [403, "ROLE_NOT_ALLOWED"]);
    }
  });

  it("a tenant may leave X-Tenant-Id out, and may name no other", async () => {
    for (const secret of world.good.TENANT) {
      expect(await call(secret, undefined)).toMatchObject({ status: 200 });
      expect(await call(secret, world.tenantId.toUpperCase())).toMatchObject({ status: 200 });
      expect(await call(secret, aTenant())).toMatchObject({ status: 403, code: "TENANT_MISMATCH" });
    }
  });

  it("every other caller names the tenant in X-Tenant-Id", async () => {
    for (const secret of [...world.good.SERVICE, ...world.good.AUDITOR]) {
      for (const none of [undefined, "", "x"]) {
        const answer = await call(secret, none);
        expect(answer).toMatchObject({ status: 400, code: "INVALID_REQUEST" });
        expect(answer.error?.details.violations?.map(({ field }) => field)).toEqual(["X-Tenant-Id"]);
      }
    }
  });
});
