import { timestampDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/quota/v1/admin_service_pb.ts";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { ControlObjectKind, ControlOperation } from "../../gen/quota/v1/control_change_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { query } from "../rules/stored-rows.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { type KeyedApp, startKeyedApp } from "../support/keyed-app.ts";

const now = Date.UTC(2026, 5, 1, 12);
let app: KeyedApp;
let auditor: string;

beforeAll(async () => {
  app = await startKeyedApp();
  await app.setClock(now);
  auditor = (await app.newKey({ role: Role.AUDITOR, displayName: "Audit" })).secret;
});

afterAll(async () => {
  await app.stop();
});

/** The audit trail of one key, oldest first. */
async function changesOf(objectId: string) {
  const admin = app.connect(auditor).service(AdminService);
  const { changes } = await admin.listChanges({ objectKind: ControlObjectKind.API_KEY, objectId });
  return changes.toReversed();
}

describe("the audit trail of a key", () => {
  it("says who made it and who revoked it, by which request, with no more of the secret than its prefix", async () => {
    const tenantId = aTenant();
    const operator = await app.newKey({ role: Role.ADMIN, displayName: "Operator" });
    const request = { displayName: "Shop", role: Role.TENANT, tenantId };
    const created = await app.apiKeys.createApiKey(request, { metadata: { "x-request-id": "make-1" } });
    const id = created.apiKey?.id ?? "";
    const apiKeys = app.connect(operator.secret).service(ApiKeyService);
    await apiKeys.revokeApiKey({ id }, { metadata: { "x-request-id": "revoke-1" } });
    const [make, revoke, ...more] = await changesOf(id);
    expect(more).toEqual([]);
    expect(make).toMatchObject({
      operation: ControlOperation.CREATE,
      tenantId,
      actorName: "bootstrap",
      actorRole: Role.ADMIN,
      requestId: "make-1",
      after: { id, displayName: "Shop", role: "ROLE_TENANT", tenantId, prefix: created.secret.slice(0, 16) },
    });
    expect(make?.before).toBeUndefined();
    expect(revoke).toMatchObject({
      operation: ControlOperation.REVOKE,
      actorKeyId: operator.id,
      actorName: "Operator",
      requestId: "revoke-1",
      before: make?.after,
      after: { ...make?.after, revokedAt: new Date(now).toISOString().replace(".000Z", "Z") },
    });
    expect(make?.createdAt && timestampDate(make.createdAt).getTime()).toBe(now);
    const rows = await query(app.database, "select c::text from quota_control_change c");
    expect(JSON.stringify(rows)).not.toContain(created.secret.slice(16));
  });

  it("has no entry for a call that changes nothing", async () => {
    const { id } = await app.newKey();
    await app.apiKeys.revokeApiKey({ id });
    await app.apiKeys.revokeApiKey({ id });
    await refusalOfCall(app.apiKeys.createApiKey({ displayName: "", role: Role.ADMIN }));
    expect((await changesOf(id)).map(({ operation }) => operation)).toEqual([
      ControlOperation.CREATE,
      ControlOperation.REVOKE,
    ]);
  });

  it("says that the first ADMIN key came from its file", async () => {
    const { apiKeys } = await app.apiKeys.listApiKeys({ role: Role.ADMIN });
    const bootstrap = apiKeys.find(({ displayName }) => displayName === "bootstrap");
    const [make] = await changesOf(bootstrap?.id ?? "");
    expect(make).toMatchObject({
      actorName: "file of the first ADMIN key",
      actorRole: Role.UNSPECIFIED,
      requestId: "",
    });
    expect(make?.actorKeyId).toBeUndefined();
  });

  it("is stored with the change or not at all", async () => {
    const { id } = await app.newKey();
    await query(
      app.database,
      `create function refuse_entry() returns trigger language plpgsql as
        $$ begin raise exception 'no entry' using errcode = 'restrict_violation'; end $$;
      create trigger refuse_entry before insert on quota_control_change for each row execute function refuse_entry()`,
    );
    const before = await query(app.database, "select id, revoked_at from quota_api_key order by id");
    expect((await refusalOfCall(app.apiKeys.createApiKey({ displayName: "n", role: Role.ADMIN }))).code).toBe(
      "INTERNAL",
    );
    expect((await refusalOfCall(app.apiKeys.revokeApiKey({ id }))).code).toBe("INTERNAL");
    expect(await query(app.database, "select id, revoked_at from quota_api_key order by id")).toEqual(before);
    await query(app.database, "drop trigger refuse_entry on quota_control_change");
  });
});

it("a key's holder is named in what it changes elsewhere", async () => {
  const operator = await app.newKey({ role: Role.ADMIN, displayName: "Plan maker" });
  const code = aCode("plan");
  await app.connect(operator.secret).service(PlanService).createPlan({ plan: { code } });
  const admin = app.connect(auditor).service(AdminService);
  const { changes } = await admin.listChanges({ objectKind: ControlObjectKind.PLAN, objectId: code });
  expect(changes).toMatchObject([{ actorKeyId: operator.id, actorName: "Plan maker", actorRole: Role.ADMIN }]);
});
