import { afterEach, describe, expect, it } from "vitest";
import { PlanService } from "../../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { Authenticator } from "../../../src/api/auth/authenticator.ts";
import type { Caller } from "../../../src/api/auth/caller.ts";
import { CredentialInvalidError, CredentialMissingError } from "../../../src/domain/errors/access-errors.ts";
import type { Principal } from "../../../src/domain/principal.ts";
import { refusalOfCall } from "../../support/grpc-client.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { tenantId } from "../wire-bytes.ts";

const other = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3f";
const principals: Readonly<Record<string, Principal>> = {
  service: { role: "SERVICE", name: "service" },
  tenant: { role: "TENANT", tenantId, name: "tenant" },
  admin: { role: "ADMIN", name: "admin" },
  auditor: { role: "AUDITOR", name: "auditor" },
};

/** Knows four credentials, the second half of them only after a while. */
class FakeAuthenticator implements Authenticator {
  readonly callers: { authorization: string | undefined; host: string | undefined; peer: string }[] = [];

  authenticate({ authorization, host, peer }: Caller): Principal | Promise<Principal> {
    this.callers.push({ authorization, host, peer });
    if (authorization === undefined) throw new CredentialMissingError();
    const principal = principals[authorization];
    if (principal === undefined) return Promise.reject(new CredentialInvalidError());
    return principal.role === "SERVICE" || principal.role === "TENANT" ? principal : Promise.resolve(principal);
  }
}

const as = (authorization: string) => ({ metadata: { authorization } });
const rubbish = Buffer.from("no protobuf");

let server: TestServer;
let authenticator: FakeAuthenticator;

async function start(fakes: Parameters<typeof startTestServer>[0] = {}) {
  authenticator = new FakeAuthenticator();
  server = await startTestServer(fakes, authenticator);
  return {
    quota: server.connection.service(QuotaService),
    plans: server.connection.service(PlanService),
    subscriptions: server.connection.service(SubscriptionService),
  };
}

afterEach(async () => {
  await server.stop();
});

describe("before anything is decoded", () => {
  it("a caller without or with a bad credential is refused", async () => {
    await start();
    for (const service of [QuotaService, PlanService, SubscriptionService]) {
      for (const { name } of service.methods) {
        const path = `/${service.typeName}/${name}`;
        const missing = await refusalOfCall(server.connection.callRaw(path, rubbish));
        expect(missing).toMatchObject({ code: "UNAUTHENTICATED", reason: "CREDENTIAL_MISSING" });
        const bad = await refusalOfCall(server.connection.callRaw(path, rubbish, as("nobody")));
        expect(bad).toMatchObject({ code: "UNAUTHENTICATED", reason: "CREDENTIAL_INVALID" });
      }
    }
  });

  it("a role that may not call the RPC is refused, with both named", async () => {
    await start();
    const path = "/quota.v1.PlanService/CreatePlan";
    for (const role of ["service", "tenant", "auditor"]) {
      const refusal = await refusalOfCall(server.connection.callRaw(path, rubbish, as(role)));
      expect(refusal).toMatchObject({ code: "PERMISSION_DENIED", reason: "ROLE_NOT_ALLOWED" });
      expect(refusal.info?.metadata).toEqual({ role: role.toUpperCase(), method: path });
    }
    const decoded = await refusalOfCall(server.connection.callRaw(path, rubbish, as("admin")));
    expect(decoded.reason).toBe("INVALID_REQUEST");
  });

  it("the authenticator is told what the caller sent, whom it called and where it comes from", async () => {
    await start();
    await refusalOfCall(server.connection.callRaw("/quota.v1.PlanService/GetPlan", rubbish, as("nobody")));
    expect(authenticator.callers).toEqual([
      { authorization: "nobody", host: `127.0.0.1:${server.port}`, peer: "127.0.0.1" },
    ]);
  });
});

describe("a tenant's own credential", () => {
  it("acts for its tenant, which it may leave out, in every RPC that it may call", async () => {
    const asked: string[] = [];
    const note = async (tenant: string) => {
      asked.push(tenant);
      throw new CredentialMissingError();
    };
    const { quota, subscriptions } = await start({
      tracking: { recordUsage: (attempt) => note(attempt.tenantId) },
      enforcement: {
        checkQuota: (question) => note(question.tenantId),
        getStatus: (tenant) => note(tenant),
      },
      eventListing: { list: (filter) => note(filter.tenantId) },
      subscriptions: { getSubscription: (tenant) => note(tenant) },
    });
    const calls = (sent: string) => [
      () => quota.recordUsage({ tenantId: sent, metricCode: "items", amount: 1n }, as("tenant")),
      () => quota.checkQuota({ tenantId: sent, metricCode: "items", amount: 1n }, as("tenant")),
      () => quota.getStatus({ tenantId: sent }, as("tenant")),
      () => quota.listEvents({ tenantId: sent }, as("tenant")),
      () => subscriptions.getSubscription({ tenantId: sent }, as("tenant")),
    ];
    for (const call of [...calls(""), ...calls(tenantId)]) await refusalOfCall(call());
    expect(asked).toEqual(Array(10).fill(tenantId));
    for (const call of calls(other)) {
      const refusal = await refusalOfCall(call());
      expect(refusal).toMatchObject({ code: "PERMISSION_DENIED", reason: "TENANT_MISMATCH" });
      expect(refusal.info?.metadata).toEqual({ tenant_id: other });
    }
    expect(asked).toHaveLength(10);
  });

  it("may not name a plan", async () => {
    const { quota } = await start();
    const request = { metricCode: "items", amount: 1n, planCode: "starter" };
    for (const method of ["recordUsage", "checkQuota"] as const) {
      const refusal = await refusalOfCall(quota[method](request, as("tenant")));
      expect(refusal).toMatchObject({ code: "PERMISSION_DENIED", reason: "PLAN_CODE_NOT_ALLOWED" });
    }
  });

  it("of another role must name the tenant", async () => {
    const { quota } = await start();
    const refusal = await refusalOfCall(quota.getStatus({}, as("auditor")));
    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_REQUEST" });
  });
});
