import { brotliCompressSync, gzipSync } from "node:zlib";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterEach, describe, expect, it } from "vitest";
import { httpStatusByReason } from "../../../src/api/http/rest/rest-error.ts";
import { amountMax, counterMax } from "../../../src/domain/bounds.ts";
import { OutcomeUnknownError } from "../../../src/domain/errors/availability-errors.ts";
import type { Principal } from "../../../src/domain/principal.ts";
import { aUsageEvent } from "../../support/builders.ts";
import { sampleErrors } from "../sample-errors.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { tenantId } from "../wire-bytes.ts";
import { expectDescribed, openapi, openapiFile } from "./described-answer.ts";
import { type HttpAnswer, type HttpCall, http1, http2 } from "./http-calls.ts";

const statusPath = "/api/quota/status/";
const checkPath = "/api/quota/check/";
const json = { "content-type": "application/json" };
const otherTenant = "22222222-2222-4222-8222-222222222222";
const event = aUsageEvent({ metricCode: "tracked_products", limit: 50n });

let server: TestServer;
let asked: unknown[];

/** A server whose every metric has 42 of 50 used. */
async function start(principal?: Principal): Promise<void> {
  asked = [];
  server = await startTestServer(
    {
      enforcement: {
        checkQuota: async (question) => {
          asked.push(question);
          const isUnlimited = question.metricCode === "unlimited";
          const remaining = isUnlimited ? null : 8n - question.amount;
          return {
            wouldExceed: !isUnlimited && (remaining ?? 0n) < 0n,
            remaining,
            allowed: false,
            status: metric(50n),
          };
        },
        getStatus: async (tenant, codes = []) => {
          asked.push([tenant, codes]);
          return [metric(50n), metric(null)];
        },
      },
    },
    ...(principal === undefined ? [] : [{ authenticate: () => principal }]),
  );
}

const metric = (limit: bigint | null) => ({ ...event, limit, current: 42n });

async function startFailing(error: Error): Promise<void> {
  server = await startTestServer({
    enforcement: { getStatus: () => Promise.reject(error), checkQuota: () => Promise.reject(error) },
  });
}

afterEach(async () => {
  await server.stop();
});

async function call(path: string, { headers = {}, ...rest }: HttpCall = {}): Promise<HttpAnswer> {
  const answer = await http1(server.httpUrl, path, { headers: { "x-tenant-id": tenantId, ...headers }, ...rest });
  const [bare = ""] = path.split("?");
  if (answer.status !== 308 && rest.method !== "HEAD") {
    expectDescribed(bare, rest.body === undefined && rest.method !== "POST" ? "get" : "post", answer);
  }
  return answer;
}

const check = (body: unknown, headers: Record<string, string> = {}) =>
  call(checkPath, { headers: { ...json, ...headers }, body: typeof body === "string" ? body : JSON.stringify(body) });

const errorOf = (answer: HttpAnswer) =>
  answer.json()["error"] as { code: string; message: string; details: Record<string, unknown> };

const fieldsOf = (answer: HttpAnswer) =>
  (errorOf(answer).details["violations"] as { field: string }[] | undefined)?.map(({ field }) => field);

describe("GET /api/quota/status/", () => {
  it("answers as the original design has it, unlimited as null", async () => {
    await start();
    const answer = await call(statusPath);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
    const shown = { metric_code: "tracked_products", current: 42, enforcement: "HARD" };
    expect(answer.json()).toEqual({
      success: true,
      data: {
        metrics: [
          { ...shown, limit: 50, remaining: 8 },
          { ...shown, limit: null, remaining: null },
        ],
      },
    });
    expect(asked).toEqual([[tenantId, []]]);
  });

  it("keeps the digits of the largest counters", async () => {
    server = await startTestServer({
      enforcement: { getStatus: async () => [{ ...event, current: counterMax, limit: 0n }] },
    });
    const answer = await call(statusPath);
    expect(answer.body.toString()).toContain('"current":9007199254740991,"limit":0,"remaining":-9007199254740991');
  });

  it("has a HEAD without a body, over either version of HTTP", async () => {
    await start();
    const headers = { "x-tenant-id": tenantId };
    const full = await http1(server.httpUrl, statusPath, { headers });
    for (const send of [http1, http2]) {
      const answer = await send(server.httpUrl, statusPath, { method: "HEAD", headers });
      expect(answer.status).toBe(200);
      expect(answer.body).toHaveLength(0);
      expect(answer.headers["content-length"]).toBe(String(full.body.byteLength));
    }
  });

  it("knows no parameters, and says so rather than ignore a filter", async () => {
    await start();
    const answer = await call(`${statusPath}?metric_code=a&x`);
    expect(answer.status).toBe(400);
    expect(fieldsOf(answer)).toEqual(["metric_code", "x"]);
    expect(asked).toEqual([]);
  });
});

describe("POST /api/quota/check/", () => {
  it("answers as the original design has it, exceeding with status 200", async () => {
    await start();
    const answer = await check({ metric_code: "tracked_products", amount: 10 });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ would_exceed: true, remaining: -2 });
    expect((await check({ metric_code: "unlimited", amount: 1 })).json()).toEqual({
      would_exceed: false,
      remaining: null,
    });
    expect((await check({ metric_code: "a", amount: Number(amountMax) })).status).toBe(200);
    expect(asked[0]).toEqual({ tenantId, metricCode: "tracked_products", amount: 10n });
  });

  it.each<[bigint, string]>([
    [-counterMax + 1n, "-9007199254740990"],
    [-counterMax, "-9007199254740991"],
    [-counterMax - 1n, "-9007199254740991"],
    [-counterMax - amountMax, "-9007199254740991"],
  ])("tells %d remaining as %s: exactly, or as the least that it tells", async (remaining, told) => {
    const advice = { wouldExceed: true, remaining, allowed: false, status: metric(0n) };
    server = await startTestServer({ enforcement: { checkQuota: async () => advice } });
    const answer = await check({ metric_code: "a", amount: 1 });
    expect(answer.body.toString()).toBe(`{"would_exceed":true,"remaining":${told}}`);
  });

  it.each<[string, unknown, string[]]>([
    ["unknown keys, all of them", { metric_code: "a", amount: 1, plan_code: "b", x: 1 }, ["plan_code", "x"]],
    ["keys in camel case", { metricCode: "a", amount: 1 }, ["metricCode"]],
    ["an amount as text, beside an unknown key", { metric_code: "a", amount: "1", y: 0 }, ["y", "amount"]],
    ["half an amount", { metric_code: "a", amount: 1.5 }, ["amount"]],
    ["an amount of zero, beside a bad code", { metric_code: "A", amount: 0 }, ["metric_code", "amount"]],
    ["an amount past its bound", { metric_code: "a", amount: 1e15 + 1 }, ["amount"]],
    ["nothing", {}, ["metric_code", "amount"]],
    ["nulls", { metric_code: null, amount: null }, ["metric_code", "amount"]],
    ["no object", [1], ["request"]],
    ["no JSON", "metric_code=a", ["request"]],
    ["an empty body", "", ["request"]],
    ["a key twice", '{"metric_code":"a","amount":1,"amount":2}', ["amount"]],
    ["an infinite amount", '{"metric_code":"a","amount":1e400}', ["amount"]],
    ["half a surrogate pair", '{"metric_code":"\\ud800","amount":1}', ["metric_code"]],
  ])("of %s is 400 and names the fields", async (_name, body, fields) => {
    await start();
    const answer = await check(body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).code).toBe("INVALID_REQUEST");
    expect(fieldsOf(answer)).toEqual(fields);
    expect(asked).toEqual([]);
  });

  it.each<[string, string]>([
    ["1.5", "is 1.5, not a whole number from 1 to 1000000000000000"],
    ["true", "is true, not a whole number from 1 to 1000000000000000"],
    ['"1"', 'is "1", not a whole number from 1 to 1000000000000000'],
    ["1e300", "is 1e+300, not a whole number from 1 to 1000000000000000"],
    [
      "9007199254740993",
      "is the number 9007199254740993, of which a JSON number loses digits; a whole number from 1 to 1000000000000000 is allowed",
    ],
  ])("of the amount %s says what is allowed, which text is not", async (amount, description) => {
    await start();
    const answer = await check(`{"metric_code":"a","amount":${amount}}`);
    expect(errorOf(answer).details["violations"]).toEqual([{ field: "amount", description }]);
  });

  it("of a tenant in its body names the field, not the header that nobody sent", async () => {
    await start();
    const answer = await check({ metric_code: "a", amount: 1, tenant_id: "x" });
    expect(fieldsOf(answer)).toEqual(["tenant_id"]);
    expect(errorOf(answer).message).toContain("tenant_id is not known");
    expect(fieldsOf(await call(`${statusPath}?tenant_id=x`))).toEqual(["tenant_id"]);
  });

  it("is inflated, within its bound, from the encodings that are known", async () => {
    await start();
    const bytes = Buffer.from('{"metric_code":"a","amount":10}');
    const packed = { gzip: gzipSync(bytes), GZIP: gzipSync(bytes), br: brotliCompressSync(bytes), identity: bytes };
    for (const [encoding, body] of Object.entries(packed)) {
      const answer = await call(checkPath, { headers: { ...json, "content-encoding": encoding }, body });
      expect(answer.json()).toEqual({ would_exceed: true, remaining: -2 });
    }
    const gzip = { ...json, "content-encoding": "gzip" };
    expect(fieldsOf(await call(checkPath, { headers: gzip, body: bytes }))).toEqual(["request"]);
    const bomb = gzipSync(Buffer.alloc(1024 * 1024));
    expect((await call(checkPath, { headers: gzip, body: bomb })).status).toBe(413);
    const unknown = await call(checkPath, { headers: { ...json, "content-encoding": "zstd" }, body: bytes });
    expect(unknown.status).toBe(415);
    expect(unknown.headers["accept-encoding"]).toBe("identity, gzip, br");
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""])(
    "of %j is 415",
    async (type) => {
      await start();
      const body = '{"metric_code":"a","amount":1}';
      const answer = await call(checkPath, { headers: type === "" ? {} : { "content-type": type }, body });
      expect(answer.status).toBe(415);
      expect(errorOf(answer).code).toBe("UNSUPPORTED_MEDIA_TYPE");
    },
  );

  it("of more than 64 KiB is 413", async () => {
    await start();
    const answer = await check(`{"metric_code":"a","amount":1}${" ".repeat(70_000)}`);
    expect(answer.status).toBe(413);
    expect(errorOf(answer)).toMatchObject({ code: "MESSAGE_TOO_LARGE", details: { max_bytes: 65_536 } });
  });
});

describe("both endpoints", () => {
  it.each<[string, string, string]>([
    [statusPath, "POST", "GET, HEAD"],
    [statusPath, "DELETE", "GET, HEAD"],
    [checkPath, "GET", "POST"],
    [checkPath, "PUT", "POST"],
    [checkPath, "OPTIONS", "POST"],
  ])("%s by %s is 405 with Allow", async (path, method, allow) => {
    await start();
    const answer = await http1(server.httpUrl, path, { method, headers: json });
    expect(answer.status).toBe(405);
    expect(answer.headers["allow"]).toBe(allow);
    expectDescribed(path, path === statusPath ? "get" : "post", answer);
  });

  it.each(["status", "check"])("%s without its slash is 308, whatever the method, with its query", async (name) => {
    await start();
    for (const method of ["GET", "POST"]) {
      const answer = await http1(server.httpUrl, `/api/quota/${name}?a=b&c`, { method, headers: json });
      expect(answer.status).toBe(308);
      expect(answer.headers["location"]).toBe(`/api/quota/${name}/?a=b&c`);
    }
  });

  it.each(["/api/quota/", "/api/quota/other/", "/api/quota/status/x", "/api/quota/Status/"])(
    "%s is 404",
    async (path) => {
      await start();
      const answer = await http1(server.httpUrl, path);
      expect(answer.status).toBe(404);
      expect(errorOf(answer).code).toBe("NOT_FOUND");
    },
  );

  it.each([undefined, "", "x", "00000000-0000-0000-0000-000000000000"])(
    "refuse the tenant %j by its header",
    async (sent) => {
      await start();
      const headers = sent === undefined ? {} : { "x-tenant-id": sent };
      const status = await http1(server.httpUrl, statusPath, { headers });
      const body = '{"metric_code":"a","amount":0}';
      const checked = await http1(server.httpUrl, checkPath, { headers: { ...headers, ...json }, body });
      expect([status.status, checked.status]).toEqual([400, 400]);
      expect([fieldsOf(status), fieldsOf(checked)]).toEqual([["X-Tenant-Id"], ["X-Tenant-Id", "amount"]]);
      expect(errorOf(status).message).toContain("X-Tenant-Id");
      expect(errorOf(status).message).not.toContain("tenant_id");
    },
  );

  it("take a tenant's own credential for its tenant, and no header that names another", async () => {
    await start({ role: "TENANT", tenantId, name: "a shop" });
    expect((await http1(server.httpUrl, statusPath)).status).toBe(200);
    expect(
      (await http1(server.httpUrl, statusPath, { headers: { "x-tenant-id": tenantId.toUpperCase() } })).status,
    ).toBe(200);
    expect(asked).toEqual([
      [tenantId, []],
      [tenantId, []],
    ]);
    const answer = await call(statusPath, { headers: { "x-tenant-id": otherTenant } });
    expect(answer.status).toBe(403);
    expect(errorOf(answer).code).toBe("TENANT_MISMATCH");
    expect(asked).toHaveLength(2);
  });

  it("are closed to a role that may not call the RPC behind them", async () => {
    await start({ role: "ADMIN", name: "an admin" });
    expect(errorOf(await call(statusPath)).code).toBe("ROLE_NOT_ALLOWED");
    const answer = await check("not even JSON");
    expect(answer.status).toBe(403);
    expect(errorOf(answer).code).toBe("ROLE_NOT_ALLOWED");
  });

  it("log the call like any other", async () => {
    await start();
    await call(statusPath, { headers: { "x-request-id": "mine" } });
    expect(server.logged.at(-1)).toMatchObject({
      level: "debug",
      message: "call answered",
      fields: { requestId: "mine", method: "/quota.v1.QuotaService/GetStatus", code: "OK" },
    });
  });
});

/** Copied out by hand: what the code says must not be what it is held against. */
const statuses: Readonly<Record<string, number>> = {
  INVALID_REQUEST: 400,
  PAGE_TOKEN_INVALID: 400,
  MESSAGE_TOO_LARGE: 413,
  QUOTA_EXCEEDED: 429,
  NO_PLAN: 409,
  METRIC_NOT_IN_PLAN: 409,
  PLAN_IN_USE: 409,
  PLAN_NOT_FOUND: 404,
  SUBSCRIPTION_NOT_FOUND: 404,
  API_KEY_NOT_FOUND: 404,
  IDEMPOTENCY_KEY_REUSED: 409,
  PLAN_EXISTS: 409,
  REVISION_MISMATCH: 409,
  COUNTER_OVERFLOW: 422,
  CREDENTIAL_MISSING: 401,
  CREDENTIAL_INVALID: 401,
  ROLE_NOT_ALLOWED: 403,
  TENANT_MISMATCH: 403,
  PLAN_CODE_NOT_ALLOWED: 403,
  OVERLOADED: 503,
  CALLER_THROTTLED: 429,
  DATABASE_UNAVAILABLE: 503,
  DRAINING: 503,
  OUTCOME_UNKNOWN: 503,
  INTERNAL: 500,
};

/** Of other RPCs: neither endpoint can come to them. */
const elsewhere = [
  "API_KEY_NOT_FOUND",
  "IDEMPOTENCY_KEY_REUSED",
  "OUTCOME_UNKNOWN",
  "PAGE_TOKEN_INVALID",
  "PLAN_EXISTS",
  "PLAN_IN_USE",
  "PLAN_NOT_FOUND",
  "QUOTA_EXCEEDED",
  "REVISION_MISMATCH",
  "SUBSCRIPTION_NOT_FOUND",
];

describe("every reason", () => {
  it("has one HTTP status", async () => {
    await start();
    expect(httpStatusByReason).toEqual(statuses);
  });

  it.each(Object.entries(sampleErrors))(
    "%s is told with its status, numbers and time to wait",
    async (reason, error) => {
      await startFailing(error);
      const answer = await http1(server.httpUrl, checkPath, {
        headers: { ...json, "x-tenant-id": tenantId },
        body: '{"metric_code":"a","amount":1}',
      });
      expect(answer.status).toBe(statuses[reason]);
      expect(errorOf(answer).code).toBe(reason);
      expect(answer.json()["success"]).toBe(false);
      if (!elsewhere.includes(reason)) expectDescribed(checkPath, "post", answer);
      const waits = typeof errorOf(answer).details["retry_after_ms"] === "number";
      expect(answer.headers["retry-after"] !== undefined).toBe(waits);
      expect(answer.headers["www-authenticate"]).toBe(answer.status === 401 ? "Bearer" : undefined);
    },
  );

  it("INTERNAL tells the request id and nothing of the cause", async () => {
    await startFailing(new Error("select from a secret table"));
    const answer = await call(statusPath, { headers: { "x-request-id": "mine" } });
    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toMatchObject({ code: "INTERNAL", details: { request_id: "mine" } });
    expect(answer.body.toString()).not.toContain("secret");
  });

  it("an outcome that is not known and must not be repeated is no 503 to be retried blindly", async () => {
    await startFailing(new OutcomeUnknownError(false, new Error("lost")));
    const answer = await http1(server.httpUrl, statusPath, { headers: { "x-tenant-id": tenantId } });
    expect(answer.headers["retry-after"]).toBeUndefined();
  });
});

describe("the OpenAPI document", () => {
  it("is a valid one", async () => {
    await start();
    expect(await new Validator().validate(openapiFile)).toEqual({ valid: true });
  });

  it("describes these two endpoints and no others, each by its method", async () => {
    await start();
    const methods = Object.entries(openapi.paths).map(([path, item]) => [path, Object.keys(item)]);
    expect(methods).toEqual([
      [statusPath, ["get"]],
      [checkPath, ["post"]],
    ]);
  });
});
