import { durationMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorReason } from "../../gen/quota/v1/error_reason_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { GrpcConnection, type Refusal, refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { details, elsewhere, item, type Line, planCode, table } from "./error-lines.ts";
import { hard, newPlan } from "./fixtures.ts";
import { asSuperuser, query } from "./stored-rows.ts";
import { untilBlocked } from "./usage-steps.ts";
import { walkedTenant } from "./walked-tenant.ts";

function expectLine(refusal: Refusal, line: Omit<Line, "provoke">): void {
  expect([refusal.code, refusal.reason]).toEqual([line.code, line.reason]);
  expect(refusal.info?.domain).toBe("quota.v1");
  expect(Object.keys(refusal.info?.metadata ?? {}).sort()).toEqual([...line.numbers].sort());
  expect(Object.values(refusal.info?.metadata ?? {})).not.toContain("");
  expect(details.filter((detail) => refusal[detail] !== undefined)).toEqual(line.details);
  expect(refusal.message).toMatch(/^[\x20-\x7e]+$/);
}

describe("the table of errors", () => {
  let app: TestApp;
  let tenantId: string;

  beforeAll(async () => {
    app = await startTestApp();
    tenantId = await walkedTenant(app);
  });

  afterAll(async () => {
    await app.stop();
  });

  /** The refusal of a call while the database is broken, which it is not any more afterwards. */
  const refusalBetween = async (breaking: string, call: () => Promise<unknown>, mending: string) => {
    await query(app.database, breaking);
    try {
      return await refusalOfCall(call());
    } finally {
      await query(app.database, mending);
    }
  };

  it("error table: every reason is provoked here, or named as one that another file provokes", () => {
    const all = Object.keys(ErrorReason).filter((name) => Number.isNaN(Number(name)) && name !== "UNSPECIFIED");
    expect([...table.map((line) => line.reason), ...elsewhere].sort()).toEqual(all.sort());
  });

  it.each(table)("error table: $reason is $code, with its numbers and its standard detail", async (line) => {
    for (const call of line.provoke(app, tenantId)) expectLine(await refusalOfCall(call()), line);
  });

  it("error table: OVERLOADED is UNAVAILABLE with a RetryInfo, and nothing was recorded", async () => {
    await query(
      app.database,
      `create function lose_race() returns trigger language plpgsql as
        $$ begin raise exception 'a secret of the database' using errcode = 'serialization_failure'; end $$`,
    );
    const refusal = await refusalBetween(
      "create trigger lose_race before insert on quota_usage_event for each row execute function lose_race()",
      () => app.quota.recordUsage(item(tenantId)),
      "drop trigger lose_race on quota_usage_event",
    );
    expect(refusal).toMatchObject({ code: "UNAVAILABLE", reason: "OVERLOADED" });
    expect(refusal.retryInfo?.retryDelay).toBeDefined();
    expect(JSON.stringify(refusal, textOfBigInt)).not.toContain("secret");
    expect((await app.quota.recordUsage(item(tenantId))).event?.sequence).toBe(2n);
  });

  it("error table: INTERNAL tells the request id and nothing of the cause, which the log has", async () => {
    const requestId = aCode("request");
    const refusal = await refusalBetween(
      "revoke select on quota_plan from quota_app",
      () => app.quota.recordUsage(item(tenantId), { metadata: { "x-request-id": requestId } }),
      "grant select on quota_plan to quota_app",
    );
    expectLine(refusal, { reason: "INTERNAL", code: "INTERNAL", numbers: ["request_id"], details: [] });
    expect(refusal.info?.metadata["request_id"]).toBe(requestId);
    expect(JSON.stringify(refusal, textOfBigInt)).not.toMatch(/permission|denied|quota_plan|42501|select/i);
    const logged = app.logged.filter((line) => line["requestId"] === requestId && line["level"] === 50);
    expect(JSON.stringify(logged)).toContain("permission denied for table quota_plan");
  });

  it("error table: DRAINING is UNAVAILABLE with a RetryInfo, while calls in flight are finished", async () => {
    const stopping = await startTestApp({ database: app.database });
    const connection = new GrpcConnection(stopping.address);
    const quota = connection.service(QuotaService);
    const code = await newPlan(app, hard("items", 5n));
    const request = { ...item(aTenant()), planCode: code };
    await asSuperuser(app.database, async (client) => {
      await client.query("begin");
      await client.query("lock table quota_usage_event in share row exclusive mode");
      const inFlight = quota.recordUsage(request);
      await untilBlocked(app, 1);
      const stopped = stopping.stop();
      const refusal = await refusalOfCall(quota.recordUsage(request));
      expectLine(refusal, { reason: "DRAINING", code: "UNAVAILABLE", numbers: [], details: ["retryInfo"] });
      const delay = refusal.retryInfo?.retryDelay;
      expect(delay === undefined ? 0 : durationMs(delay)).toBeGreaterThan(0);
      await client.query("rollback");
      expect((await inFlight).event?.sequence).toBe(1n);
      await stopped;
    });
    connection.close();
  });

  it("error table: DEADLINE_EXCEEDED and CANCELLED are gRPC's own, and the service goes on", async () => {
    const request = { ...item(aTenant()), planCode };
    await asSuperuser(app.database, async (client) => {
      await client.query("begin");
      await client.query("lock table quota_usage_event in share row exclusive mode");
      const late = refusalOfCall(app.quota.recordUsage(request, { deadlineMs: 100 }));
      const cancelling = new AbortController();
      const cancelled = refusalOfCall(app.quota.recordUsage(request, { signal: cancelling.signal }));
      await untilBlocked(app, 1);
      cancelling.abort();
      for (const [refusal, code] of [
        [await cancelled, "CANCELLED"],
        [await late, "DEADLINE_EXCEEDED"],
      ] as const) {
        expect(refusal).toMatchObject({ code, reason: undefined, info: undefined });
      }
      await client.query("rollback");
    });
    expect((await app.quota.recordUsage(request)).replayed).toBe(false);
  });
});

function textOfBigInt(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
