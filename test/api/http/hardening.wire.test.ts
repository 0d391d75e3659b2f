import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../test-server.ts";
import { http1, http2 } from "./http-calls.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => {
  await server.stop();
});

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(server.httpUrl);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  return socket.on("error", () => undefined);
}

/** Everything that comes until the server closes the connection. */
async function untilClosed(socket: Socket): Promise<string> {
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
  });
  await once(socket, "close");
  return received;
}

describe("headers of every answer", () => {
  it.each(["/healthz", "/x", "/api/quota/status/", "/quota.v1.QuotaService/GetStatus", "/console/"])(
    "of %s let nothing be sniffed, framed, run or leaked",
    async (path) => {
      for (const send of [http1, http2]) {
        const { headers } = await send(server.httpUrl, path);
        expect(headers).toMatchObject({
          "x-content-type-options": "nosniff",
          "content-security-policy": expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
          "referrer-policy": "no-referrer",
        });
        expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
        expect(headers["x-powered-by"]).toBeUndefined();
      }
    },
  );
});

describe.concurrent("a slow or silent connection", () => {
  it.each<[string, string]>([
    ["says nothing", ""],
    ["stops in the first bytes of HTTP/2", "PRI * HT"],
    ["does not end its headers", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n"],
  ])("that %s is closed after 10 s", async (_name, text) => {
    const socket = await open();
    const begunAt = performance.now();
    if (text !== "") socket.write(text);
    const dripping = setInterval(() => text.startsWith("GET") && socket.write("X-B: c\r\n"), 500);
    await untilClosed(socket);
    clearInterval(dripping);
    expect(performance.now() - begunAt).toBeGreaterThan(8_000);
    expect(performance.now() - begunAt).toBeLessThan(15_000);
  });

  it("that does not end its body is answered after 10 s, and closed", async () => {
    const socket = await open();
    const head =
      "POST /quota.v1.QuotaService/GetStatus HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    socket.write(`${head}Content-Length: 100\r\n\r\n{`);
    const dripping = setInterval(() => socket.write(" "), 500);
    const begunAt = performance.now();
    const received = await untilClosed(socket);
    clearInterval(dripping);
    expect(performance.now() - begunAt).toBeLessThan(15_000);
    expect(received).toMatch(/^HTTP\/1\.1 400 .*connection: close.*did not arrive within 10 s/is);
  });

  it("that does not end its body over HTTP/2 is answered as well, and its stream closed", async () => {
    const session = connectHttp2(server.httpUrl);
    const stream = session.request({
      ":method": "POST",
      ":path": "/quota.v1.QuotaService/GetStatus",
      "content-type": "application/json",
    });
    stream.write("{");
    stream.resume();
    const [headers] = await once(stream, "response");
    expect(headers[":status"]).toBe(400);
    await once(stream, "close");
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    session.close();
  });
});

describe("bytes that are no HTTP", () => {
  it.each<[string, string | Buffer]>([
    ["a TLS handshake", Buffer.from("16030100010100", "hex")],
    ["text", "hello\r\n\r\n"],
    ["nothing but a preface of another kind", "PRI * HTTP/3.0\r\n\r\n"],
    [
      "two requests smuggled into one",
      "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a request without a host", "GET /healthz HTTP/1.1\r\n\r\n"],
    ["headers of more than 16 KiB", `GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ${"x".repeat(17_000)}\r\n\r\n`],
  ])("such as %s are answered with an error of HTTP, and the connection closed", async (_name, bytes) => {
    const socket = await open();
    socket.write(bytes);
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 4(00|31) /);
    expect((await http1(server.httpUrl, "/healthz")).status).toBe(200);
  });

  it("after a good preface of HTTP/2 end that connection alone", async () => {
    const socket = await open();
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish that is no frame at all");
    await untilClosed(socket);
    expect((await http2(server.httpUrl, "/healthz")).status).toBe(200);
  });

  it("come in pieces as well as at once", async () => {
    const socket = await open();
    for (const character of "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") {
      socket.write(character);
      await delay(1);
    }
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("HTTP/1.1", () => {
  it("takes 64 header fields, and answers more with 431, closing the connection", async () => {
    for (const [count, status] of [
      [64, 200],
      [65, 431],
      [500, 431],
    ] as const) {
      const socket = await open();
      const fields = Array.from({ length: count - 2 }, (_, n) => `X-${n}: y\r\n`).join("");
      socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n`);
      expect(await untilClosed(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
    const socket = await open();
    socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${"X: y\r\n".repeat(64)}\r\n`);
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe("HTTP/2", () => {
  it("refuses headers of more than 16 KiB", async () => {
    expect((await http2(server.httpUrl, "/healthz", { headers: { "x-a": "x".repeat(17_000) } })).status).toBe(431);
    expect((await http2(server.httpUrl, "/healthz")).status).toBe(200);
  });

  it("allows 256 streams on one connection", async () => {
    const session = connectHttp2(server.httpUrl);
    const [settings] = await once(session, "remoteSettings");
    expect(settings.maxConcurrentStreams).toBe(256);
    session.close();
  });
});

describe("a request by another name than this machine's, without authentication", () => {
  const body = "{}";

  it.each(["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])("%s is not let in", async (host) => {
    const headers = { host, "content-type": "application/json" };
    const answer = await http1(server.httpUrl, "/quota.v1.PlanService/ListPlans", { headers, body });
    expect(answer.status).toBe(401);
    expect(answer.body.toString()).toContain("CREDENTIAL_MISSING");
    const rest = await http1(server.httpUrl, "/api/quota/status/", { headers: { host } });
    expect(rest.status).toBe(401);
  });

  it("is not let in over HTTP/2 either, where the name is the authority", async () => {
    const headers = { ":authority": "evil.example", "content-type": "application/json" };
    const answer = await http2(server.httpUrl, "/quota.v1.PlanService/ListPlans", { headers, body });
    expect(answer.status).toBe(401);
  });
});

describe("a target", () => {
  it("may be a whole URL, as proxies send it", async () => {
    expect((await http1(server.httpUrl, "http://localhost/healthz?x")).json()).toEqual({ status: "ok" });
  });

  it.each(["*", "//healthz", "/./healthz", "/healthz/", "/%68ealthz", "/healthz%00"])(
    "%s is none of ours",
    async (target) => {
      expect((await http1(server.httpUrl, target)).status).toBe(404);
    },
  );
});
