import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OpenAuthenticator } from "../../../src/api/auth/open-authenticator.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { http1, http2 } from "./http-calls.ts";

let folder: string;
let server: TestServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quota-test-console-"));
  server = await startTestServer({}, new OpenAuthenticator(), { consoleFolder: join(folder, "dist") });
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

async function build(): Promise<void> {
  const dist = join(folder, "dist");
  await mkdir(join(dist, "assets"), { recursive: true });
  await writeFile(join(dist, "index.html"), "<!doctype html><title>the console</title>");
  await writeFile(join(dist, "assets/index-4f3a.js"), "export const answer = 42;");
  await writeFile(join(dist, "favicon.svg"), "<svg/>");
  await writeFile(join(folder, "secret.txt"), "a secret");
  await symlink(join(folder, "secret.txt"), join(dist, "link.txt"));
}

const get = (path: string, headers: Record<string, string> = {}) => http1(server.httpUrl, path, { headers });

describe("probes", () => {
  it.each(["/healthz", "/readyz"])("%s is 200 in JSON, not cached, with a HEAD and nothing else", async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ status: path === "/healthz" ? "ok" : "ready" });
    expect(answer.headers["cache-control"]).toBe("no-store");
    const head = await http2(server.httpUrl, path, { method: "HEAD" });
    expect([head.status, head.body.byteLength]).toEqual([200, 0]);
    const post = await http1(server.httpUrl, path, { method: "POST" });
    expect([post.status, post.headers["allow"]]).toEqual([405, "GET, HEAD"]);
  });

  it("tell a database that is away from a process that is dead", async () => {
    server.http.setServing(false);
    expect((await get("/readyz")).json()).toEqual({ status: "database unavailable" });
    expect([(await get("/healthz")).status, (await get("/readyz")).status]).toEqual([200, 503]);
    server.http.setServing(true);
    expect((await get("/readyz")).status).toBe(200);
  });

  it("ask for no credential and no name", async () => {
    expect((await get("/healthz", { host: "10.1.2.3:8080" })).status).toBe(200);
  });
});

describe("the console's files", () => {
  it("are where the root leads to", async () => {
    const answer = await get("/");
    expect([answer.status, answer.headers["location"]]).toEqual([302, "/console/"]);
    const bare = await get("/console?x=1");
    expect([bare.status, bare.headers["location"]]).toEqual([308, "/console/?x=1"]);
  });

  it("are missing until they are built, and found without a restart afterwards", async () => {
    const before = await get("/console/");
    expect(before.status).toBe(404);
    expect(before.json()["message"]).toContain("not built");
    await build();
    expect((await get("/console/")).status).toBe(200);
  });

  it.each(["/console/", "/console/events?tenant=x", "/console/tenants/a-b", "/console/index.html"])(
    "answer %s with the page, which is asked for anew each time",
    async (path) => {
      await build();
      for (const send of [http1, http2]) {
        const answer = await send(server.httpUrl, path);
        expect(answer.status).toBe(200);
        expect(answer.body.toString()).toContain("the console");
        expect(answer.headers).toMatchObject({
          "cache-control": "no-cache",
          "content-type": "text/html;charset=utf-8",
        });
        expect(answer.headers["content-security-policy"]).toContain("script-src 'self'");
        expect(answer.headers["content-security-policy"]).not.toContain("unsafe");
      }
    },
  );

  it("are kept for ever where their names hold a hash of their content", async () => {
    await build();
    const answer = await get("/console/assets/index-4f3a.js");
    expect(answer.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(answer.headers["content-type"]).toMatch(/javascript/);
    expect((await get("/console/favicon.svg")).headers["cache-control"]).toBe("no-cache");
  });

  it("are not sent again when the browser has them", async () => {
    await build();
    const { headers } = await get("/console/");
    const again = await get("/console/", { "if-none-match": headers["etag"] ?? "" });
    expect([again.status, again.body.byteLength]).toEqual([304, 0]);
  });

  it("have a HEAD, and are not written to", async () => {
    await build();
    expect((await http1(server.httpUrl, "/console/", { method: "HEAD" })).body.byteLength).toBe(0);
    const post = await http1(server.httpUrl, "/console/", { method: "POST" });
    expect([post.status, post.headers["allow"]]).toEqual([405, "GET, HEAD"]);
  });

  it.each([
    "/console/../secret.txt",
    "/console/..%2fsecret.txt",
    "/console/%2e%2e/secret.txt",
    "/console/%2e%2e%2fsecret.txt",
    "/console/assets/../../secret.txt",
    "/console/..\\secret.txt",
    "/console//etc/passwd",
    "/console/%00",
    "/console/%",
    "/console/.git/config",
    "/console/missing.js",
    "/console/assets/missing-1234.js",
  ])("lead nowhere else: %s", async (path) => {
    await build();
    const answer = await get(path);
    expect(answer.body.toString()).not.toContain("a secret");
    expect(answer.body.toString()).not.toContain("root:");
    if (answer.status !== 404) expect(answer.body.toString()).toContain("the console");
  });
});

describe("another origin", () => {
  const origin = "https://console.example";
  const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
  const path = "/quota.v1.QuotaService/RecordUsage";

  const startWith = async (...corsOrigins: string[]) => {
    await server.stop();
    server = await startTestServer({}, new OpenAuthenticator(), { corsOrigins });
  };

  const expectNothingAllowed = (headers: object) => {
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
  };

  it("is told nothing when none is configured", async () => {
    const answer = await http1(server.httpUrl, path, { method: "OPTIONS", headers: { origin, ...preflight } });
    expect(answer.status).toBe(405);
    expectNothingAllowed(answer.headers);
  });

  it("may ask beforehand, and read answers and the headers that the protocols need", async () => {
    await startWith("https://other.example", origin);
    for (const target of [path, "/api/quota/check/"]) {
      const answer = await http1(server.httpUrl, target, { method: "OPTIONS", headers: { origin, ...preflight } });
      expect(answer.status).toBe(204);
      expect(answer.headers).toMatchObject({
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST, GET",
        "access-control-max-age": "7200",
        vary: "Origin",
      });
      const allowed = answer.headers["access-control-allow-headers"]?.toLowerCase().split(", ");
      for (const header of [
        "content-type",
        "connect-protocol-version",
        "connect-timeout-ms",
        "x-grpc-web",
        "grpc-timeout",
        "authorization",
        "x-tenant-id",
      ]) {
        expect(allowed).toContain(header);
      }
      expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
    }
    const called = await http1(server.httpUrl, path, {
      headers: { origin, "content-type": "application/json" },
      body: "x",
    });
    expect(called.headers["access-control-allow-origin"]).toBe(origin);
    const exposed = called.headers["access-control-expose-headers"]?.toLowerCase().split(", ");
    for (const header of ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id", "retry-after"]) {
      expect(exposed).toContain(header);
    }
  });

  it.each([
    "https://console.example.evil.example",
    "http://console.example",
    "https://console.example:8443",
    "null",
    "https://CONSOLE.example",
  ])("%s is not the one that is configured", async (other) => {
    await startWith(origin);
    for (const method of ["OPTIONS", "POST"]) {
      const headers = { origin: other, "content-type": "application/json", ...preflight };
      const answer = await http1(server.httpUrl, path, { method, headers });
      expectNothingAllowed(answer.headers);
      expect(answer.headers["vary"]).toBe("Origin");
    }
  });
});
