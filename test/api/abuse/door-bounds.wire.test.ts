import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import { connectionBounds } from "../../../src/api/abuse/connection-bounds.ts";
import { DoorBounds, type DoorBoundsOptions, defaultDoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import { flags, grpcHeaders, headerBlock, http2Frame, preface, settings } from "../../abuse/http2-frames.ts";
import { type Connection, connectTo, type DoorName, doorNames } from "../../doors/doors.ts";
import { aTenant } from "../../support/builders.ts";
import { refusalOfCall } from "../../support/grpc-client.ts";
import { callRawGrpc, frame } from "../raw-grpc-call.ts";
import { startTestServer, type TestServer } from "../test-server.ts";

const path = "/quota.v1.QuotaService/CheckQuota";
const request = { tenantId: aTenant(), metricCode: "calls", amount: 1n };
const silent = { debug: () => undefined, error: () => undefined };

let server: TestServer;
let bounds: DoorBounds;
const opened: Connection[] = [];

afterEach(async () => {
  for (const connection of opened.splice(0)) connection.close();
  bounds.connections.stop();
  await server.stop();
});

async function start(
  options: Partial<DoorBoundsOptions>,
  fakes: Parameters<typeof startTestServer>[0] = {},
): Promise<void> {
  bounds = new DoorBounds(silent, { ...defaultDoorBounds, ...options });
  server = await startTestServer(fakes, undefined, {}, bounds);
}

function quotaThrough(door: DoorName) {
  const connection = connectTo({ address: `127.0.0.1:${server.port}`, httpUrl: server.httpUrl }, door);
  opened.push(connection);
  return connection.service(QuotaService);
}

describe.each(doorNames)("through %s", (door) => {
  it("a credential with too many calls in flight is refused the next with CALLER_THROTTLED, and let in when one has ended", async () => {
    const answers: (() => void)[] = [];
    const check = () => new Promise<never>((_, reject) => answers.push(() => reject(new Error("over"))));
    const other = { callsPerSecondMax: 1_000, callsInFlightMax: 2 };
    await start({ other }, { enforcement: { checkQuota: check } });
    const { checkQuota } = quotaThrough(door);
    const waiting = [refusalOfCall(checkQuota(request)), refusalOfCall(checkQuota(request))];
    await expect.poll(() => answers.length).toBe(2);
    const refusal = await refusalOfCall(checkQuota(request));
    expect(refusal).toMatchObject({ code: "UNAVAILABLE", reason: "CALLER_THROTTLED" });
    expect(refusal.retryInfo?.retryDelay?.seconds).toBe(1n);
    for (const answer of answers) answer();
    await Promise.all(waiting);
    const next = refusalOfCall(checkQuota(request));
    await expect.poll(() => answers.length).toBe(3);
    answers[2]?.();
    await next;
  });

  it("a credential that calls too often is refused with CALLER_THROTTLED", async () => {
    await start({ other: { callsPerSecondMax: 2, callsInFlightMax: 10 } });
    const { checkQuota } = quotaThrough(door);
    const refusals: (string | undefined)[] = [];
    for (let call = 0; call < 4; call += 1) refusals.push((await refusalOfCall(checkQuota(request))).reason);
    expect(refusals.filter((reason) => reason === "CALLER_THROTTLED").length).toBeGreaterThanOrEqual(1);
    expect(refusals.slice(0, 2)).not.toContain("CALLER_THROTTLED");
  });

  it("both doors count together", async () => {
    await start({ other: { callsPerSecondMax: 1, callsInFlightMax: 10 } });
    await refusalOfCall(quotaThrough("gRPC").checkQuota(request));
    expect((await refusalOfCall(quotaThrough(door).checkQuota(request))).reason).toBe("CALLER_THROTTLED");
  });
});

/** Sends bytes on a connection of its own, and collects what comes back until the server ends it or is silent. */
async function exchanged(bytes: Buffer, port = server.port): Promise<{ received: Buffer; isEnded: boolean }> {
  const socket: Socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  let isEnded = false;
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => undefined);
  socket.on("close", () => {
    isEnded = true;
  });
  await once(socket, "connect").catch(() => undefined);
  socket.write(bytes);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const answer = { received: Buffer.concat(chunks), isEnded };
  socket.destroy();
  return answer;
}

/** The types of the frames that came for stream 1. */
function frameTypesOf(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes.readUInt32BE(at + 5) === 1) types.push(bytes.readUInt8(at + 3));
  }
  return types;
}

/** What a call of this session came to: its gRPC status, or the HTTP status in place of one, or the code of its reset. */
async function statusOf(session: ClientHttp2Session, headers: Record<string, string>, body?: Buffer): Promise<string> {
  const stream = session.request({
    ":method": "POST",
    ":path": body === undefined ? "/grpc.health.v1.Health/Check" : path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let told = "";
  const tell = (received: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
    const { ":status": status, "grpc-status": code } = received;
    if (code !== undefined) told = `grpc-status ${code}`;
    else if (status !== 200 && told === "") told = `:status ${status}`;
  };
  stream
    .on("response", tell)
    .on("trailers", tell)
    .on("error", () => undefined);
  stream.resume().end(body ?? frame(Buffer.alloc(0)));
  await new Promise((resolve) => stream.once("close", resolve));
  return told === "" ? `reset ${stream.rstCode}` : told;
}

const rstStream = 3;
const call = (block: Buffer) =>
  Buffer.concat([preface, settings({}), http2Frame("headers", flags.endHeaders | flags.endStream, 1, block)]);

describe("the gRPC door", () => {
  it("takes header fields up to their bounds, and resets a call with more or longer ones", async () => {
    await start({});
    const pairs = (count: number) =>
      Buffer.concat([
        grpcHeaders(server.port, path),
        headerBlock(Array.from({ length: count }, (_, n) => [`x-${n}`, "y"])),
      ]);
    const long = (length: number) =>
      Buffer.concat([grpcHeaders(server.port, path), headerBlock([["x-long", "y".repeat(length)]])]);
    const allowed = [pairs(connectionBounds.headerPairsMax - 10), long(12_000)];
    for (const block of allowed) {
      expect(frameTypesOf((await exchanged(call(block))).received)).toEqual([1]);
    }
    expect(frameTypesOf((await exchanged(call(pairs(connectionBounds.headerPairsMax)))).received)).toEqual([rstStream]);
    const tooLong = long(connectionBounds.headerListBytesMax);
    const parts = Buffer.concat([
      http2Frame("headers", flags.endStream, 1, tooLong.subarray(0, 16_000)),
      http2Frame("continuation", flags.endHeaders, 1, tooLong.subarray(16_000)),
    ]);
    // A bound holds from when the client has acknowledged it; before, it is Node's, 64 KiB.
    const acknowledged = http2Frame("settings", flags.ack, 0);
    const answer = await exchanged(Buffer.concat([preface, settings({}), acknowledged, parts]));
    expect(frameTypesOf(answer.received)).toEqual([rstStream]);
  });

  it.each([false, true])(
    "refuses too long header fields of a client that acknowledged the bound: %s",
    async (hasAcknowledged) => {
      await start({});
      const session = connectHttp2(`http://127.0.0.1:${server.port}`);
      // By then the client has acknowledged them, and the server has read that.
      if (hasAcknowledged) await statusOf(session, {});
      const { headerListBytesMax } = connectionBounds;
      const tooLong = [
        { "x-big": "y".repeat(60_000) },
        Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, "y".repeat(5_000)])),
        Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`x-${n}`, "y".repeat(headerListBytesMax / 50 - 32)])),
      ];
      const answers = await Promise.all(tooLong.map((headers) => statusOf(session, headers)));
      const refusal = hasAcknowledged ? `reset ${constants.NGHTTP2_ENHANCE_YOUR_CALM}` : ":status 431";
      expect(answers).toEqual(tooLong.map(() => refusal));
      expect(await statusOf(session, { "x-long": "y".repeat(12_000) })).toBe("grpc-status 0");
      session.close();
    },
  );

  it("counts calls with too long header fields as calls that are none", async () => {
    await start({});
    const long = Buffer.concat([
      grpcHeaders(server.port, path),
      headerBlock([["x-long", "y".repeat(connectionBounds.headerListBytesMax)]]),
    ]);
    const calls = Array.from({ length: connectionBounds.faults.burst * 2 }, (_, n) =>
      Buffer.concat([
        http2Frame("headers", flags.endStream, 2 * n + 1, long.subarray(0, 16_000)),
        http2Frame("continuation", flags.endHeaders, 2 * n + 1, long.subarray(16_000)),
      ]),
    );
    expect((await exchanged(Buffer.concat([preface, settings({}), ...calls.slice(0, 150)]))).isEnded).toBe(false);
    expect((await exchanged(Buffer.concat([preface, settings({}), ...calls]))).isEnded).toBe(true);
  });

  it("keeps a connection whose requests were too large, several megabytes in a second", async () => {
    await start({});
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    let isClosed = false;
    session.once("close", () => {
      isClosed = true;
    });
    const body = frame(Buffer.alloc(900 * 1_024));
    for (let call = 0; call < 8; call += 1) {
      expect(await statusOf(session, {}, body)).toBe("grpc-status 3");
    }
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(isClosed).toBe(false);
    session.close();
  });

  it("ends a connection after a burst of SETTINGS", async () => {
    await start({});
    const flood = (count: number) => Buffer.concat([preface, ...Array.from({ length: count }, () => settings({}))]);
    expect((await exchanged(flood(connectionBounds.settings.burst))).isEnded).toBe(false);
    expect((await exchanged(flood(connectionBounds.settings.burst * 2))).isEnded).toBe(true);
  });

  it("ends a connection after a burst of calls that are none, and not after as many that are refused by a use case", async () => {
    await start({});
    const stream = (n: number, body: Buffer, name = path) =>
      Buffer.concat([
        http2Frame("headers", flags.endHeaders, 2 * n + 1, grpcHeaders(server.port, name)),
        http2Frame("data", flags.endStream, 2 * n + 1, body),
      ]);
    const burst = (count: number, body: Buffer, name = path) =>
      Buffer.concat([preface, settings({}), ...Array.from({ length: count }, (_, n) => stream(n, body, name))]);
    const { faults } = connectionBounds;
    const unknown = (count: number) => burst(count, frame(Buffer.alloc(0)), "/quota.v1.QuotaService/Guess");
    expect((await exchanged(unknown(faults.burst))).isEnded).toBe(false);
    expect((await exchanged(unknown(faults.burst * 2))).isEnded).toBe(true);
    expect((await exchanged(burst(faults.burst * 2, frame(Buffer.from("{}"))))).isEnded).toBe(true);
    expect((await exchanged(burst(faults.burst * 2, frame(Buffer.alloc(0))))).isEnded).toBe(false);
  });

  it("stops inflating a message at 64 KiB", async () => {
    await start({});
    const { gzipSync } = await import("node:zlib");
    const body = frame(gzipSync(Buffer.alloc(32 * 1_024 * 1_024)), { compressed: true });
    const before = process.memoryUsage().arrayBuffers;
    const answer = await callRawGrpc({ port: server.port, path, body, headers: { "grpc-encoding": "gzip" } });
    expect(answer).toMatchObject({ code: "INVALID_ARGUMENT", info: { reason: "MESSAGE_TOO_LARGE" } });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1_024 * 1_024);
  });

  it("closes a connection that is idle, and one that has come of age", async () => {
    await start({ connectionIdleMaxMs: 200 });
    const idle = connect(server.port, "127.0.0.1");
    idle.write(Buffer.concat([preface, settings({})]));
    idle.resume();
    await once(idle, "close");
    bounds.connections.stop();
    await server.stop();

    await start({ connectionAgeMaxMs: 200 });
    const old = connect(server.port, "127.0.0.1");
    const received: Buffer[] = [];
    old.on("data", (chunk: Buffer) => received.push(chunk));
    old.write(Buffer.concat([preface, settings({})]));
    await once(old, "close");
    expect(Buffer.concat(received).includes("max_age")).toBe(true);
  });
});

describe.each(["gRPC", "HTTP"] as const)("the %s door's connections", (door) => {
  const port = () => (door === "gRPC" ? server.port : server.http.address.port);

  async function openConnections(count: number): Promise<number> {
    const sockets = Array.from({ length: count }, () => connect(port(), "127.0.0.1"));
    for (const socket of sockets) socket.on("error", () => undefined).resume();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const open = sockets.filter((socket) => !socket.destroyed && socket.readable).length;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return open;
  }

  it("are bounded, and those of one address to half of that; they count no more when they have ended", async () => {
    await start({ connectionsMax: 10 });
    expect(await openConnections(4)).toBe(4);
    expect(await openConnections(20)).toBe(5);
    expect(await openConnections(5)).toBe(5);
  });

  it("are not taken from an address whose last ones were ended for what they did, until a while has passed", async () => {
    await start({});
    const { strikes, settings: bound } = connectionBounds;
    const flood = Buffer.concat([preface, ...Array.from({ length: bound.burst * 2 }, () => settings({}))]);
    for (let strike = 0; strike < strikes.burst; strike += 1) {
      const socket = connect(port(), "127.0.0.1");
      socket.on("error", () => undefined).resume();
      socket.write(flood);
      await once(socket, "close");
    }
    expect(await openConnections(1)).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1_000 / strikes.perSecond));
    expect(await openConnections(1)).toBe(1);
  });
});
