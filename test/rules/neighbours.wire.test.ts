import { create } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aTenant } from "../support/builders.ts";
import { RefusedCallError } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { amountMax, counterMax, hard, newPlan, noon, subscribe, unlimited } from "./fixtures.ts";
import { ofSize, recordUsagePath, withMetadataBytes, withStruct } from "./raw-requests.ts";
import { query, readCounters } from "./stored-rows.ts";

/** Calls that arrive together may share a transaction; what is wrong with one must not touch another. */
describe("good calls beside bad ones", () => {
  let app: TestApp;
  let planCode: string;

  beforeAll(async () => {
    app = await startTestApp();
    await app.setClock(noon);
    planCode = await newPlan(app, hard("items", 20n), hard("closed", 0n), unlimited("free"));
  });

  afterAll(async () => {
    await app.stop();
  });

  /** One bad call of every kind, by the reason of its refusal, in the name of the tenant. */
  const badCalls = (tenantId: string): readonly (readonly [string, () => Promise<unknown>])[] => {
    const request = { tenantId, metricCode: "items", amount: 1n };
    const record = (fields: object) => () => app.quota.recordUsage({ ...request, ...fields });
    const send = (bytes: Buffer) => () => app.connection.callRaw(recordUsagePath, bytes);
    const nan = create(ValueSchema, { kind: { case: "numberValue", value: Number.NaN } });
    const deep = { a: { a: { a: { a: { a: { a: { a: { a: {} } } } } } } } };
    return [
      ["INVALID_REQUEST", record({ metadata: { a: "\u0000" } })],
      ["INVALID_REQUEST", record({ metadata: { "\u0000": 1 } })],
      ["INVALID_REQUEST", record({ metadata: { a: "x".repeat(9 * 1024) } })],
      ["INVALID_REQUEST", record({ metadata: deep })],
      ["INVALID_REQUEST", send(withStruct(request, { a: nan }))],
      ["INVALID_REQUEST", send(withMetadataBytes(request, new Uint8Array([0xff])))],
      ["INVALID_REQUEST", send(Buffer.from([0xff, 0xff, 0xff]))],
      ["INVALID_REQUEST", record({ idempotencyKey: "\u0000" })],
      ["INVALID_REQUEST", record({ metricCode: "items\u0000" })],
      ["INVALID_REQUEST", record({ tenantId: "\u0000" })],
      ["INVALID_REQUEST", record({ amount: amountMax + 1n })],
      ["MESSAGE_TOO_LARGE", send(ofSize(request, 64 * 1024 + 1))],
      ["METRIC_NOT_IN_PLAN", record({ metricCode: "absent" })],
      ["PLAN_NOT_FOUND", record({ planCode: "absent" })],
      ["NO_PLAN", record({ tenantId: aTenant() })],
      ["QUOTA_EXCEEDED", record({ metricCode: "closed" })],
      ["QUOTA_EXCEEDED", record({ amount: 1_000n })],
      ["IDEMPOTENCY_KEY_REUSED", record({ idempotencyKey: "taken", amount: 5n })],
      ["COUNTER_OVERFLOW", record({ metricCode: "free", amount: amountMax })],
    ];
  };

  /** A tenant whose `free` counter is full and whose key `taken` is taken. */
  const spoiledTenant = async () => {
    const tenantId = aTenant();
    await subscribe(app, tenantId, planCode);
    for (let call = 0; call < 9; call += 1)
      await app.quota.recordUsage({ tenantId, metricCode: "free", amount: amountMax });
    await app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n, idempotencyKey: "taken" });
    expect(9n * amountMax + amountMax).toBeGreaterThan(counterMax);
    return tenantId;
  };

  it("bounds: good calls sent together with bad ones all succeed, each with its own event", async () => {
    const spoiled = await spoiledTenant();
    const tenants = Array.from({ length: 12 }, aTenant);
    for (const tenantId of tenants) await subscribe(app, tenantId, planCode);
    const bad = badCalls(spoiled);
    const goodOf = (index: number) => {
      const tenantId = tenants[index % tenants.length] ?? "";
      return app.quota.recordUsage({
        tenantId,
        metricCode: "items",
        amount: 1n,
        metadata: { index, text: "\u2028'\"\\" },
      });
    };
    const rounds = 3;
    const good: ReturnType<typeof goodOf>[] = [];
    const outcomes: Promise<string>[] = [];
    for (let index = 0; index < rounds * bad.length; index += 1) {
      good.push(goodOf(index));
      const [, call] = bad[index % bad.length] ?? [];
      if (call !== undefined) outcomes.push(outcomeOf(call()));
      good.push(goodOf(index + 1));
    }

    const answers = await Promise.all(good);
    expect(answers.every((answer) => !answer.replayed && !answer.overLimit)).toBe(true);
    expect(new Set(answers.map((answer) => answer.event?.id)).size).toBe(2 * rounds * bad.length);
    expect(await Promise.all(outcomes)).toEqual(
      Array.from({ length: rounds }, () => bad.map(([reason]) => reason)).flat(),
    );

    const counters = await query(
      app.database,
      `select r.current_usage, r.last_sequence, sum(e.amount) as sum, count(*) as events
        from quota_usage_record r join quota_usage_event e using (tenant_id, metric_code)
        where r.tenant_id = any ($1::uuid[]) group by r.tenant_id, r.id, r.current_usage, r.last_sequence`,
      [tenants],
    );
    expect(counters).toHaveLength(tenants.length);
    for (const { current_usage, last_sequence, sum, events } of counters) {
      expect([last_sequence, sum, events]).toEqual([current_usage, current_usage, current_usage]);
    }
    expect(counters.reduce((total, { events }) => total + Number(events), 0)).toBe(2 * rounds * bad.length);
    expect(await readCounters(app.database, spoiled)).toMatchObject([
      { metric_code: "free", current_usage: `${9n * amountMax}` },
      { metric_code: "items", current_usage: "1" },
    ]);
  });

  it("bounds: bad calls of a tenant touch neither its own good ones nor its counter", async () => {
    const tenantId = await spoiledTenant();
    const bad = badCalls(tenantId);
    const good = (index: number) =>
      app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n, idempotencyKey: `good-${index}` });
    const mixed = bad.map(async ([reason, call], index) => {
      const [outcome, answer] = await Promise.all([outcomeOf(call()), good(index)]);
      return { reason, outcome, usageAfter: answer.event?.usageAfter };
    });
    const results = await Promise.all(mixed);
    for (const { reason, outcome } of results) expect(outcome).toBe(reason);
    const used = results.map(({ usageAfter }) => Number(usageAfter)).sort((a, b) => a - b);
    expect(used).toEqual(Array.from({ length: bad.length }, (_, index) => index + 2));
    expect(await readCounters(app.database, tenantId)).toMatchObject([{}, { current_usage: `${bad.length + 1}` }]);
  });
});

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "OK";
  } catch (error) {
    if (!(error instanceof RefusedCallError)) throw error;
    return error.refusal.reason ?? error.message;
  }
}
