import type { DescMethod } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { rolesOf } from "../../src/api/auth/rpc-roles.ts";
import { servedServices } from "../../src/api/served-services.ts";
import { fakeServices } from "../api/fake-services.ts";
import { attackRows } from "../isolation/attack-rows.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { type Refusal, RefusedCallError, refusalOfCall } from "../support/grpc-client.ts";
import { type DoorWorld, metricCode, roleNames, startDoorWorld } from "./door-world.ts";
import { type Connection, connectTo, doorNames } from "./doors.ts";

/** Who may do what, proved of every door by the same lines. */

const methods: readonly DescMethod[] = servedServices(fakeServices()).flatMap(({ rpcs }) =>
  rpcs.map(({ method }) => method),
);
/** What a good credential that names its own tenant is never told. */
const notLetIn = ["CREDENTIAL_MISSING", "CREDENTIAL_INVALID", "TENANT_MISMATCH", "PLAN_CODE_NOT_ALLOWED"];

function requestFor(method: DescMethod, tenantId: string): object {
  const row = attackRows[`${method.parent.typeName}.${method.name}`];
  if (row === undefined) throw new Error(`${method.toString()} has no row in test/isolation/attack-rows.ts`);
  const [planCode, idempotencyKey, keyId] = [aCode("plan"), aCode("key"), aTenant()];
  return row({ tenantId, planCode, metricCode, idempotencyKey, amount: 1n, keyId, pageToken: "" });
}

const bearer = (secret: string) => ({ metadata: { authorization: `Bearer ${secret}` } });

// A service for each door, or the bound on failed attempts of an address would answer for those that come later.
describe.each(doorNames)("through %s", (name) => {
  let world: DoorWorld;
  let connection: Connection;

  beforeAll(async () => {
    world = await startDoorWorld();
    connection = connectTo(world.app, name);
  });

  afterAll(async () => {
    connection.close();
    await world.stop();
  });

  const quota = () => connection.service(QuotaService);

  /** What an RPC refuses; undefined when it answers. */
  async function refusalOf(method: DescMethod, request: object, secret: string): Promise<Refusal | undefined> {
    const calls = connection.service(method.parent) as Record<string, (...args: unknown[]) => Promise<unknown>>;
    try {
      await calls[method.localName]?.(request, bearer(secret));
      return undefined;
    } catch (error) {
      if (error instanceof RefusedCallError) return error.refusal;
      throw error;
    }
  }

  it("no credential is CREDENTIAL_MISSING", async () => {
    const refusal = await refusalOfCall(quota().getStatus({ tenantId: world.tenantId }));
    expect(refusal).toMatchObject({ code: "UNAUTHENTICATED", reason: "CREDENTIAL_MISSING" });
  });

  it("what is no credential is CREDENTIAL_INVALID, in the same words whatever is wrong with it", async () => {
    const messages = new Set<string>();
    for (const [kind, secret] of world.bad) {
      const refusal = await refusalOfCall(quota().getStatus({ tenantId: world.tenantId }, bearer(secret)));
      expect(refusal, kind).toMatchObject({ code: "UNAUTHENTICATED", reason: "CREDENTIAL_INVALID" });
      messages.add(refusal.message);
    }
    expect(messages.size).toBe(1);
  });

  it.each(roleNames)("%s, as key and as token, may call the RPCs of its role and no others", async (role) => {
    const mayCall = new Map(methods.map((method) => [method.toString(), rolesOf(method).includes(role)]));
    for (const secret of world.good[role]) {
      const found = new Map<string, boolean>();
      for (const method of methods) {
        const refusal = await refusalOf(
          method,
          requestFor(method, role === "TENANT" ? world.tenantId : aTenant()),
          secret,
        );
        if (refusal !== undefined) expect(notLetIn, method.toString()).not.toContain(refusal.reason);
        found.set(method.toString(), refusal?.reason !== "ROLE_NOT_ALLOWED");
      }
      expect(found).toEqual(mayCall);
    }
  });

  it("a tenant is answered about itself, whether it names itself or nobody", async () => {
    for (const secret of world.good.TENANT) {
      for (const tenantId of [world.tenantId, ""]) {
        const { event } = await quota().recordUsage({ tenantId, metricCode, amount: 1n }, bearer(secret));
        expect(event?.tenantId).toBe(world.tenantId);
        const { status } = await quota().checkQuota({ tenantId, metricCode, amount: 1n }, bearer(secret));
        expect(status?.current).toBeGreaterThan(0n);
      }
    }
  });

  it("a tenant that names another is refused", async () => {
    for (const secret of world.good.TENANT) {
      for (const method of methods.filter((one) => rolesOf(one).includes("TENANT"))) {
        const fields = method.input.fields.some(({ localName }) => localName === "amount") ? { amount: 1n } : {};
        const metric = "amount" in fields ? { metricCode } : {};
        const refusal = await refusalOf(method, { tenantId: aTenant(), ...metric, ...fields }, secret);
        expect([method.name, refusal?.code, refusal?.reason]).toEqual([
          method.name,
          "PERMISSION_DENIED",
          "TENANT_MISMATCH",
        ]);
      }
    }
  });

  it("a tenant chooses no plan", async () => {
    const request = { metricCode, amount: 1n, planCode: "free" };
    for (const secret of world.good.TENANT) {
      for (const call of [quota().checkQuota(request, bearer(secret)), quota().recordUsage(request, bearer(secret))]) {
        expect(await refusalOfCall(call)).toMatchObject({ code: "PERMISSION_DENIED", reason: "PLAN_CODE_NOT_ALLOWED" });
      }
    }
  });

  it("a service that leaves the tenant out is told the field", async () => {
    for (const secret of world.good.SERVICE) {
      const refusal = await refusalOfCall(quota().getStatus({}, bearer(secret)));
      expect(refusal.badRequest?.fieldViolations.map(({ field }) => field)).toEqual(["tenant_id"]);
    }
  });
});
