import { brotliCompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aUsageEvent } from "../../support/builders.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { field, member, metadataField, noKind, recordUsageBytes, tenantId } from "../wire-bytes.ts";
import { type HttpAnswer, http1, http2 } from "./http-calls.ts";

const recordUsage = "/quota.v1.QuotaService/RecordUsage";
const getStatus = "/quota.v1.QuotaService/GetStatus";
const kibibyte = 1_024;
const requestBytesMax = 64 * kibibyte;
const json = { "content-type": "application/json" };
const proto = { "content-type": "application/proto" };
const web = { "content-type": "application/grpc-web+proto" };
const usage = JSON.stringify({ tenantId, metricCode: "api.calls", amount: 2 });

let server: TestServer;
let recorded = 0;

beforeAll(async () => {
  server = await startTestServer({
    tracking: {
      recordUsage: async () => {
        recorded += 1;
        const event = aUsageEvent();
        return { event, status: { ...event, current: 1n }, overLimit: false, replayed: false };
      },
    },
    enforcement: {
      getStatus: async (_tenant, codes = []) =>
        codes.map((metricCode) => ({ ...aUsageEvent({ metricCode }), current: 7n })),
    },
  });
});

afterAll(async () => {
  await server.stop();
});

const post = (headers: Record<string, string>, body: string | Uint8Array, path = recordUsage) =>
  http1(server.httpUrl, path, { headers, body });

function envelope(message: Uint8Array, flags = 0, length = message.byteLength): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** Reason and bad fields of an error of Connect, as its `debug` has them. */
function told(answer: HttpAnswer): { readonly code: unknown; readonly reason?: string; readonly fields: string[] } {
  const { code, details = [] } = answer.json() as { code: string; details?: { debug?: Record<string, never> }[] };
  const found: Record<string, unknown> = Object.assign({}, ...details.map(({ debug }) => debug));
  const violations = (found["fieldViolations"] ?? []) as { field: string }[];
  const reason = found["reason"] as string | undefined;
  return { code, ...(reason === undefined ? {} : { reason }), fields: violations.map(({ field }) => field) };
}

function expectInvalid(answer: HttpAnswer, ...fields: string[]): void {
  expect(answer.status).toBe(400);
  expect(told(answer)).toEqual({ code: "invalid_argument", reason: "INVALID_REQUEST", fields });
}

function expectTooLarge(answer: HttpAnswer): void {
  expect(answer.status).toBe(400);
  expect(told(answer)).toEqual({ code: "invalid_argument", reason: "MESSAGE_TOO_LARGE", fields: [] });
  expect(answer.json()["message"]).toBe("the request is larger than 65536 bytes");
}

describe("a call by POST", () => {
  it.each([
    ["HTTP/1.1", http1],
    ["HTTP/2", http2],
  ] as const)("is answered over %s, and never cached", async (_version, send) => {
    const answer = await send(server.httpUrl, recordUsage, { headers: json, body: usage });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
    expect(answer.json()).toMatchObject({ event: { sequence: "1" }, status: { current: "1" } });
  });

  it.each(["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"])(
    "may say %s",
    async (type) => {
      expect((await post({ "content-type": type }, usage)).status).toBe(200);
    },
  );

  it.each([
    "text/plain",
    "application/json; charset=latin1",
    "application/xml",
    "application/grpc",
    "application/connect+json",
    "",
  ])("is 415 when its content is %j, and names what is allowed", async (type) => {
    const answer = await post(type === "" ? {} : { "content-type": type }, usage);
    expect(answer.status).toBe(415);
    expect(answer.headers["accept-post"]).toContain("application/json");
    expect(answer.json()["message"]).toContain("application/grpc-web+proto");
  });

  it("has its request id in the answer, which may be the caller's", async () => {
    const answer = await post({ ...json, "x-request-id": "mine" }, usage);
    expect(answer.headers["x-request-id"]).toBe("mine");
    expect(server.logged.at(-1)?.fields).toMatchObject({ requestId: "mine", method: recordUsage, code: "OK" });
  });

  it("must not speak of another version of Connect", async () => {
    expect((await post({ ...json, "connect-protocol-version": "1" }, usage)).status).toBe(200);
    expectInvalid(await post({ ...json, "connect-protocol-version": "2" }, usage), "request");
  });
});

describe("a path that is no RPC", () => {
  it.each([
    "/quota.v1.QuotaService/Nothing",
    "/quota.v1.AdminService/Nothing",
    "/quota.v1.QuotaService",
    "/x",
    "/..%2fetc",
  ])("%s is 404 in the form of Connect", async (path) => {
    const answer = await post(json, usage, path);
    expect(answer.status).toBe(404);
    expect(answer.json()).toEqual({ code: "unimplemented", message: "there is nothing at this path" });
  });

  it.each(["PUT", "DELETE", "PATCH", "OPTIONS", "GET", "HEAD"])(
    "%s of a call that changes something is 405",
    async (method) => {
      const answer = await http1(server.httpUrl, recordUsage, { method });
      expect(answer.status).toBe(405);
      expect(answer.headers["allow"]).toBe("POST");
    },
  );
});

describe("a read by GET", () => {
  const get = (query: Record<string, string>, path = getStatus) =>
    http1(server.httpUrl, `${path}?${new URLSearchParams(query)}`);
  const message = JSON.stringify({ tenantId, metricCodes: ["a", "b"] });

  it("is answered, and not to be cached", async () => {
    const answer = await get({ connect: "v1", encoding: "json", message });
    expect(answer.status).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.json()["metrics"]).toHaveLength(2);
  });

  it("may be base64, with or without padding, in either alphabet, and compressed", async () => {
    for (const form of ["base64", "base64url"] as const) {
      const query = { connect: "v1", encoding: "json", base64: "1", message: Buffer.from(message).toString(form) };
      expect((await get(query)).status).toBe(200);
    }
    const packed = gzipSync(message).toString("base64url");
    expect((await get({ encoding: "json", base64: "1", compression: "gzip", message: packed })).status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ["without a message", { encoding: "json" }],
    ["with a message that is not base64", { encoding: "json", base64: "1", message: "{}" }],
    ["of another version", { connect: "v2", encoding: "json", message: "{}" }],
    ["that is no JSON", { encoding: "json", message: "x" }],
    ["that is no protobuf", { encoding: "proto", message: "x" }],
  ])("%s is INVALID_REQUEST", async (_name, query) => {
    expectInvalid(await get(query), "request");
  });

  it("has its bad fields named", async () => {
    expectInvalid(await get({ encoding: "json", message: '{"tenantId":1,"x":2}' }), "tenant_id", "x");
  });

  it("is 415 in an encoding that is not known", async () => {
    expect((await get({ encoding: "xml", message })).status).toBe(415);
    expect((await get({ message })).status).toBe(415);
  });
});

describe("the size of a request", () => {
  const padded = (bytes: number) => usage + " ".repeat(bytes - usage.length);

  it("may be 64 KiB", async () => {
    expect((await post(json, padded(requestBytesMax))).status).toBe(200);
  });

  it.each([requestBytesMax + 1, 512 * kibibyte, 8 * 1024 * kibibyte])("may not be %i bytes", async (bytes) => {
    for (const send of [http1, http2]) {
      expectTooLarge(await send(server.httpUrl, recordUsage, { headers: json, body: padded(bytes) }));
    }
  });

  it("is believed before the first byte has come", async () => {
    const headers = { ...json, "content-length": String(10 * 1024 ** 3) };
    expectTooLarge(await http1(server.httpUrl, recordUsage, { headers, body: usage }));
    const answer = await post(web, envelope(Buffer.alloc(0), 0, 2 ** 32 - 1));
    expect(decodeURIComponent(answer.body.toString())).toContain("the request is larger than 65536 bytes");
  });

  it.each(["gzip", "br"])(
    "counts after decompression, so that a %s bomb is refused without being unpacked",
    async (encoding) => {
      const compress = encoding === "gzip" ? gzipSync : brotliCompressSync;
      const bomb = compress(Buffer.alloc(30 * 1024 * kibibyte));
      expect(bomb.length).toBeLessThan(requestBytesMax);
      const before = process.memoryUsage().rss;
      expectTooLarge(await post({ ...json, "content-encoding": encoding }, bomb));
      expect(process.memoryUsage().rss - before).toBeLessThan(20 * 1024 * kibibyte);
    },
  );
});

describe("compression", () => {
  it.each(["gzip", "br", "identity", "GZIP"])("%s of a request is read", async (encoding) => {
    const compress = { gzip: gzipSync, br: brotliCompressSync, identity: Buffer.from }[encoding.toLowerCase()];
    const body = compress?.(usage) ?? usage;
    expect((await post({ ...json, "content-encoding": encoding }, body)).status).toBe(200);
  });

  it("that is broken is the caller's fault", async () => {
    expectInvalid(await post({ ...json, "content-encoding": "gzip" }, usage), "request");
    expectInvalid(await post({ ...json, "content-encoding": "br" }, gzipSync(usage)), "request");
  });

  it("that is not known is unimplemented, and what is known is told", async () => {
    const answer = await post({ ...json, "content-encoding": "zstd" }, usage);
    expect(answer.status).toBe(501);
    expect(answer.json()).toEqual({ code: "unimplemented", message: expect.stringContaining("gzip, br") });
  });

  it("of an answer is what the caller accepts", async () => {
    const body = JSON.stringify({ tenantId, metricCodes: Array.from({ length: 50 }, (_, index) => `metric.${index}`) });
    const answer = await post({ ...json, "accept-encoding": "gzip" }, body, getStatus);
    expect(answer.headers["content-encoding"]).toBe("gzip");
    expect(JSON.parse(gunzipSync(answer.body).toString()).metrics).toHaveLength(50);
    expect((await post(json, body, getStatus)).headers["content-encoding"]).toBeUndefined();
  });
});

describe("a malformed request", () => {
  it.each<[string, Record<string, string>, string | Buffer, string]>([
    ["no JSON", json, "amount=1", "request"],
    ["an empty body as JSON", json, "", "request"],
    ["JSON that is not UTF-8", json, Buffer.from([0x7b, 0xff, 0x7d]), "request"],
    ["no protobuf", proto, "{}", "request"],
    ["text in protobuf that is not UTF-8", proto, recordUsageBytes(field(6, Buffer.from([0xff]))), "plan_code"],
    ["a null in protobuf that nobody sent", proto, recordUsageBytes(metadataField(member("a", noKind))), "metadata"],
    ["an unknown field in JSON", json, '{"tenant":"x"}', "tenant"],
  ])("of %s is INVALID_REQUEST, and names the field", async (_name, headers, body, named) => {
    expectInvalid(await post(headers, body), named);
  });

  it.each<[string, Buffer]>([
    ["that is cut off in its envelope", Buffer.from([0, 0, 0])],
    ["that is shorter than its envelope says", envelope(recordUsageBytes(), 0, 500)],
    ["of two messages", Buffer.concat([envelope(recordUsageBytes()), envelope(recordUsageBytes())])],
    ["with flags that are not known", envelope(recordUsageBytes(), 0x80)],
    ["of no protobuf", envelope(Buffer.from("{}"))],
  ])("by gRPC-Web %s is INVALID_REQUEST", async (_name, body) => {
    const answer = await post(web, body);
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toMatch(/grpc-status: 3\r\n/);
    expect(answer.body.toString()).toContain("grpc-status-details-bin: ");
  });

  it("records nothing and is no defect", async () => {
    const before = recorded;
    await post(json, '{"tenant":"x"}');
    await post(json, " ".repeat(70_000));
    expect(recorded).toBe(before);
    expect(server.logged.filter(({ level }) => level === "error")).toEqual([]);
  });
});
