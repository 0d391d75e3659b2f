import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DoorBounds, defaultDoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import { OpenAuthenticator } from "../../../src/api/auth/open-authenticator.ts";
import { aTenant, aUsageEvent } from "../../support/builders.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { http2 } from "./http-calls.ts";

const path = "/quota.v1.QuotaService/GetStatus";
const body = JSON.stringify({ tenantId: aTenant() });
const metrics = Array.from({ length: 3_000 }, (_, n) => ({
  ...aUsageEvent({ metricCode: `metric.${n}` }),
  current: 7n,
}));

let bounds: DoorBounds;
let server: TestServer;

beforeAll(async () => {
  const other = { callsPerSecondMax: 1_000, callsInFlightMax: 1 };
  bounds = new DoorBounds({ debug: () => undefined, error: () => undefined }, { ...defaultDoorBounds, other });
  const enforcement = { getStatus: async () => metrics };
  server = await startTestServer({ enforcement }, new OpenAuthenticator(), {}, bounds);
});

afterAll(async () => {
  bounds.connections.stop();
  await server.stop();
});

const read = (headers: Record<string, string> = {}) =>
  http2(server.httpUrl, path, { headers: { "content-type": "application/json", ...headers }, body });

/** Keeps all of Node's threads busy, so that no compression can begin. */
async function busyThreads(): Promise<void> {
  const threads = 4;
  const work = promisify(pbkdf2);
  await Promise.all(Array.from({ length: threads }, () => work("x", "y", 2_000_000, 64, "sha512")));
}

it("compresses answers fast rather than well", async () => {
  const plain = (await read()).body;
  const gzipped = (await read({ "accept-encoding": "gzip" })).body;
  expect(gunzipSync(gzipped).equals(plain)).toBe(true);
  expect(gzipped.equals(gzipSync(plain, { level: 1 }))).toBe(true);
  const brotlied = (await read({ "accept-encoding": "br" })).body;
  expect(brotliDecompressSync(brotlied).equals(plain)).toBe(true);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 4,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.byteLength,
  };
  expect(brotlied.equals(brotliCompressSync(plain, { params }))).toBe(true);
});

it("counts an answer that waits to be compressed, and its call as one in flight", async () => {
  const plainBytes = (await read()).body.byteLength;
  await expect.poll(() => bounds.unsent.bytes).toBe(0);
  const busy = busyThreads();
  const waiting = read({ "accept-encoding": "br" });
  await expect.poll(() => bounds.unsent.bytes).toBe(plainBytes);
  const next = await read();
  expect(next.status).toBe(503);
  expect(next.body.toString()).toContain("CALLER_THROTTLED");
  await busy;
  expect((await waiting).status).toBe(200);
  await expect.poll(() => bounds.unsent.bytes).toBe(0);
  expect((await read()).status).toBe(200);
});
