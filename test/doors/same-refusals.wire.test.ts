import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { OutcomeUnknownError } from "../../src/domain/errors/availability-errors.ts";
import { sampleErrors } from "../api/sample-errors.ts";
import { startTestServer, type TestServer } from "../api/test-server.ts";
import { details, table } from "../rules/error-lines.ts";
import { walkedTenant } from "../rules/walked-tenant.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { type Connection, comparable, connectTo, type DoorName, doorNames, doorOf } from "./doors.ts";

const errors: readonly (readonly [name: string, error: Error])[] = [
  ...Object.entries(sampleErrors),
  ["OUTCOME_UNKNOWN of a call without a key", new OutcomeUnknownError(false, new Error("connection lost"))],
  ["INTERNAL", new Error("insert into quota_usage_event failed for tenant 4711")],
];

describe.each(doorNames)("through %s", (name) => {
  let app: TestApp;
  let connection: Connection;
  let tenant: string;

  beforeAll(async () => {
    app = await startTestApp();
    connection = connectTo(app, name);
    tenant = await walkedTenant(app);
  });

  afterAll(async () => {
    connection.close();
    await app.stop();
  });

  it.each(table)("$reason is $code, with its numbers and its standard detail, as the contract says", async (line) => {
    for (const call of line.provoke(doorOf(connection), tenant)) {
      const refusal = await refusalOfCall(call());
      expect([refusal.code, refusal.reason]).toEqual([line.code, line.reason]);
      expect(refusal.info?.domain).toBe("quota.v1");
      expect(Object.keys(refusal.info?.metadata ?? {}).sort()).toEqual([...line.numbers].sort());
      expect(details.filter((detail) => refusal[detail] !== undefined)).toEqual(line.details);
    }
  });

  it.each(table.filter(({ reason }) => reason !== "INVALID_REQUEST"))(
    "$reason is told in the words of the gRPC door",
    async (line) => {
      const here = line.provoke(doorOf(connection), tenant);
      const there = line.provoke(app, tenant);
      expect(here).toHaveLength(there.length);
      for (const [index, call] of here.entries()) {
        const expected = await refusalOfCall(there[index]?.() ?? Promise.resolve());
        expect(comparable(await refusalOfCall(call()))).toEqual(comparable(expected));
      }
    },
  );

  it("names every bad field of a request that can be read", async () => {
    const bad = { tenantId: "x", metricCode: "UPPER", amount: 0n, planCode: "" };
    const [expected, refusal] = await Promise.all(
      [app, doorOf(connection)].map(({ quota }) => refusalOfCall(quota.checkQuota(bad))),
    );
    expect(refusal?.badRequest?.fieldViolations).toHaveLength(4);
    expect(refusal && comparable(refusal)).toEqual(expected && comparable(expected));
  });
});

describe.each(doorNames)("whatever the service throws, through %s", (name) => {
  let server: TestServer;

  afterEach(async () => {
    await server.stop();
  });

  it.each(errors)("%s has the same code, words and details", async (_name, error) => {
    server = await startTestServer({ plans: { getPlan: () => Promise.reject(error) } });
    const addresses = { address: `127.0.0.1:${server.port}`, httpUrl: server.httpUrl };
    const [expected, refusal] = await Promise.all(
      (["gRPC", name] satisfies DoorName[]).map(async (door) => {
        const connection = connectTo(addresses, door);
        const found = await refusalOfCall(connection.service(PlanService).getPlan({ code: "starter" }));
        connection.close();
        return comparable(found);
      }),
    );
    expect(refusal).toEqual(expected);
    expect(JSON.stringify(refusal, (_, value) => (typeof value === "bigint" ? String(value) : value))).not.toMatch(
      /connection lost|insert into|tenant 4711/,
    );
  });
});
