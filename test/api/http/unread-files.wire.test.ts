import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import { OpenAuthenticator } from "../../../src/api/auth/open-authenticator.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { http1, http2 } from "./http-calls.ts";

const mebibyte = 1024 * 1024;
const script = Buffer.alloc(3 * mebibyte, "x");

let folder: string;
let bounds: DoorBounds;
let server: TestServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quota-test-files-"));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  await writeFile(join(folder, "script.js"), script);
  await writeFile(join(folder, "script.js.gz"), gzipSync(script));
  bounds = new DoorBounds({ debug: () => undefined, error: () => undefined });
  server = await startTestServer({}, new OpenAuthenticator(), { consoleFolder: folder }, bounds);
});

afterEach(async () => {
  bounds.connections.stop();
  await server.stop();
  await rm(folder, { recursive: true });
});

it("files that a stranger leaves unread are counted, and no more of them given to the connection than of other answers", async () => {
  const session = connectHttp2(server.httpUrl, { settings: { initialWindowSize: 0 } }).on("error", () => undefined);
  const ask = async () => {
    const stream = session.request({ ":path": "/console/script.js" }).on("error", () => undefined);
    const [headers] = await once(stream, "response");
    return headers[":status"];
  };
  for (let file = 1; file <= 3; file += 1) {
    expect(await ask()).toBe(200);
    expect(bounds.unsent.bytes).toBe(file * script.byteLength);
  }
  expect(await ask()).toBe(503);
  session.destroy();
  await expect.poll(() => bounds.unsent.bytes).toBe(0);
  expect((await http2(server.httpUrl, "/console/script.js")).body.equals(script)).toBe(true);
});

it("a file is sent in the form that the browser reads, and has no body where it has it or asks for none", async () => {
  const packed = await http1(server.httpUrl, "/console/script.js", { headers: { "accept-encoding": "br, gzip" } });
  expect(packed.headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
  expect(packed.body.equals(gzipSync(script))).toBe(true);
  const headers = { "if-none-match": packed.headers["etag"] ?? "" };
  for (const send of [http1, http2]) {
    const known = await send(server.httpUrl, "/console/script.js", { headers });
    expect([known.status, known.body.byteLength, known.headers["content-length"]]).toEqual([304, 0, undefined]);
    const head = await send(server.httpUrl, "/console/script.js", { method: "HEAD" });
    expect([head.status, head.body.byteLength, head.headers["content-length"]]).toEqual([
      200,
      0,
      String(script.byteLength),
    ]);
  }
});
