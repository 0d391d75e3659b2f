import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Role } from "../../../gen/quota/v1/api_key_pb.ts";
import { hard, tenantOn } from "../../../test/rules/fixtures.ts";
import { aSecret } from "../../../test/support/api-keys.ts";
import { type KeyedApp, startKeyedApp } from "../../../test/support/keyed-app.ts";
import type { Credential } from "../src/credential.ts";
import { QuotaUnavailableError } from "../src/errors.ts";
import { QuotaClient } from "../src/quota-client.ts";
import { errorOf } from "./scripted-transport.ts";
import { ways } from "./ways.ts";

let app: KeyedApp;
beforeAll(async () => {
  app = await startKeyedApp();
});
afterAll(() => app.stop());

const metricCode = "tracked_products";

describe.each(Object.entries(ways))("over %s", (_, way) => {
  const clientWith = (credential: Credential | undefined) =>
    new QuotaClient({ transport: way.to(way.door(app)), credential });

  it("a key lets the caller in, as a text and from a function", async () => {
    const { tenantId } = await tenantOn(app, hard(metricCode, 10n));
    const { secret } = await app.newKey();
    for (const credential of [secret, () => Promise.resolve(secret)]) {
      const client = clientWith(credential);
      expect(await client.record({ tenantId, metricCode, amount: 1 })).toMatchObject({ admitted: true });
      client.close();
    }
  });

  it("a tenant's own key needs no tenant in the call", async () => {
    const { tenantId } = await tenantOn(app, hard(metricCode, 10n));
    const { secret } = await app.newKey({ role: Role.TENANT, tenantId });
    const client = clientWith(secret);
    expect((await client.record({ metricCode, amount: 1 })).event.tenantId).toBe(tenantId);
    const foreign = await tenantOn(app, hard(metricCode, 10n));
    expect(await errorOf(client.status({ tenantId: foreign.tenantId }))).toMatchObject({
      code: "PERMISSION_DENIED",
      reason: "TENANT_MISMATCH",
    });
    client.close();
  });

  it.each<[string, Credential | undefined]>([
    ["CREDENTIAL_MISSING", undefined],
    ["CREDENTIAL_INVALID", aSecret()],
  ])("%s is an answer: neither repeated nor taken for a service that is away", async (reason, credential) => {
    const client = new QuotaClient({
      transport: way.to(way.door(app)),
      credential,
      whenUnavailable: { record: "admit" },
      keepUndecided: () => undefined,
    });
    const error = await errorOf(client.record({ metricCode, amount: 1 }));
    expect(error).not.toBeInstanceOf(QuotaUnavailableError);
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", reason, attempts: 1, mayBeRecorded: false });
    client.close();
  });
});
