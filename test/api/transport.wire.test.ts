import { connect } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aUsageEvent } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { callRawGrpc, frame, type RawAnswer } from "./raw-grpc-call.ts";
import { startTestServer, type TestServer } from "./test-server.ts";
import { field, recordUsageBytes } from "./wire-bytes.ts";

const recordUsage = "/quota.v1.QuotaService/RecordUsage";
const kibibyte = 1_024;
const requestBytesMax = 64 * kibibyte;

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
  });
});

afterAll(async () => {
  await server.stop();
});

/** A good request of exactly this many bytes: what is missing is a field of a later version. */
function requestOf(bytes: number): Buffer {
  const bare = recordUsageBytes();
  const overhead = [4, 5, 6].find(
    (size) => field(100, Buffer.alloc(bytes - bare.length - size)).length + bare.length === bytes,
  );
  if (overhead === undefined) throw new Error(`no padding makes ${bytes} bytes`);
  return Buffer.concat([bare, field(100, Buffer.alloc(bytes - bare.length - overhead))]);
}

async function raw(body: Buffer, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return await callRawGrpc({ port: server.port, path: recordUsage, body, headers });
}

function expectTooLarge(answer: RawAnswer): void {
  expect(answer).toMatchObject({
    code: "INVALID_ARGUMENT",
    message: "the request is larger than 65536 bytes",
    info: { reason: "MESSAGE_TOO_LARGE", domain: "quota.v1", metadata: { max_bytes: "65536" } },
  });
}

function expectUnreadable(answer: RawAnswer): void {
  expect(answer).toMatchObject({ code: "INVALID_ARGUMENT", info: { reason: "INVALID_REQUEST", domain: "quota.v1" } });
}

describe("the size of a request", () => {
  it("may be 64 KiB", async () => {
    expect(requestOf(requestBytesMax)).toHaveLength(requestBytesMax);
    await expect(server.connection.callRaw(recordUsage, requestOf(requestBytesMax))).resolves.toBeInstanceOf(Buffer);
  });

  it.each([requestBytesMax + 1, 1024 * kibibyte, 10 * 1024 * kibibyte])("may not be %i bytes", async (bytes) => {
    const refusal = await refusalOfCall(server.connection.callRaw(recordUsage, requestOf(bytes)));
    expect(refusal).toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "MESSAGE_TOO_LARGE",
      message: "the request is larger than 65536 bytes",
    });
    expect(refusal.info?.metadata).toEqual({ max_bytes: "65536" });
  });

  it("is believed before the first byte has come, up to 4 GiB", async () => {
    expectTooLarge(await raw(frame(Buffer.alloc(0), { length: 2 ** 32 - 1 })));
  });

  it("counts after decompression, so that a gzip bomb is refused without being unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(30 * 1024 * kibibyte));
    expect(bomb.length).toBeLessThan(requestBytesMax);
    const before = process.memoryUsage().rss;
    expectTooLarge(await raw(frame(bomb, { compressed: true }), { "grpc-encoding": "gzip" }));
    expect(process.memoryUsage().rss - before).toBeLessThan(20 * 1024 * kibibyte);
  });

  it("leaves the connection usable when it was refused", async () => {
    const oversized = refusalOfCall(server.connection.callRaw(recordUsage, requestOf(1024 * kibibyte)));
    const good = server.connection.callRaw(recordUsage, recordUsageBytes());
    await expect(good).resolves.toBeInstanceOf(Buffer);
    expect((await oversized).reason).toBe("MESSAGE_TOO_LARGE");
  });
});

describe("a compressed request", () => {
  it.each(["gzip", "deflate", "identity"])("is read when its encoding is %s", async (encoding) => {
    const packed = { gzip: gzipSync, deflate: deflateSync, identity: (bytes: Buffer) => bytes }[encoding];
    const body = frame(packed?.(recordUsageBytes()) ?? Buffer.alloc(0), { compressed: encoding !== "identity" });
    expect(await raw(body, { "grpc-encoding": encoding })).toMatchObject({ code: "OK" });
  });

  it("is the caller's fault when it cannot be decompressed", async () => {
    const broken = frame(Buffer.from("this is not gzip"), { compressed: true });
    expectUnreadable(await raw(broken, { "grpc-encoding": "gzip" }));
    const cutOff = frame(gzipSync(recordUsageBytes()).subarray(0, 20), { compressed: true });
    expectUnreadable(await raw(cutOff, { "grpc-encoding": "gzip" }));
  });

  it("is UNIMPLEMENTED in an encoding that gRPC does not know, as gRPC wants it", async () => {
    const answer = await raw(frame(recordUsageBytes(), { compressed: true }), { "grpc-encoding": "br" });
    expect(answer.code).toBe("UNIMPLEMENTED");
  });
});

describe("a malformed request", () => {
  it.each<[string, Buffer, string]>([
    ["is no protobuf", Buffer.from("{}"), "request"],
    ["is cut off", recordUsageBytes().subarray(0, 20), "request"],
    ["holds text that is not UTF-8", recordUsageBytes(field(6, Buffer.from([0xff]))), "plan_code"],
  ])("that %s is INVALID_REQUEST, never INTERNAL", async (_name, bytes, fieldName) => {
    const refusal = await refusalOfCall(server.connection.callRaw(recordUsage, bytes));
    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_REQUEST" });
    expect(refusal.badRequest?.fieldViolations.map((violation) => violation.field)).toEqual([fieldName]);
  });

  it("has all its bad fields named when it can be read", async () => {
    const refusal = await refusalOfCall(server.connection.callRaw(recordUsage, Buffer.alloc(0)));
    expect(refusal.badRequest?.fieldViolations.map((violation) => violation.field)).toEqual([
      "tenant_id",
      "metric_code",
      "amount",
    ]);
    expect(refusal.info?.metadata).toEqual({ violations: "3" });
    expect(server.logged.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("with a grpc-timeout that is none is the caller's fault", async () => {
    expectUnreadable(await raw(frame(recordUsageBytes()), { "grpc-timeout": "soon" }));
  });

  it("of another service is INVALID_REQUEST too", async () => {
    const answer = await callRawGrpc({
      port: server.port,
      path: "/grpc.health.v1.Health/Check",
      body: frame(Buffer.from([0x0a, 0xff])),
    });
    expectUnreadable(answer);
  });
});

describe("a method that is not served", () => {
  it.each(["/quota.v1.QuotaService/Nothing", "/quota.v1.AdminService/Nothing", "/x/y"])("%s", async (path) => {
    const refusal = await refusalOfCall(server.connection.callRaw(path, Buffer.alloc(0)));
    expect(refusal.code).toBe("UNIMPLEMENTED");
  });
});

describe("the process", () => {
  it("survives bytes that are not HTTP/2", async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, "127.0.0.1", () => socket.end("GET / HTTP/1.1\r\n\r\n"));
      socket.on("error", () => undefined);
      socket.resume();
      socket.on("close", () => resolve());
    });
    await expect(server.connection.callRaw(recordUsage, recordUsageBytes())).resolves.toBeInstanceOf(Buffer);
  });

  it("records nothing of what it refused", async () => {
    const before = recorded;
    await refusalOfCall(server.connection.callRaw(recordUsage, Buffer.from("{}")));
    await raw(frame(Buffer.alloc(0), { length: 70_000 }));
    expect(recorded).toBe(before);
  });
});
