import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../../src/api/auth/caller.ts";
import { CredentialInvalidError, CredentialMissingError } from "../../../src/domain/errors/access-errors.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { tenantId } from "../wire-bytes.ts";
import { http1, http2 } from "./http-calls.ts";

const getStatus = "/quota.v1.QuotaService/GetStatus";
const createPlan = "/quota.v1.PlanService/CreatePlan";
const json = { "content-type": "application/json" };
const good = { authorization: "Bearer good" };

let server: TestServer;
let callers: Pick<Caller, "authorization" | "host" | "peer">[];

beforeEach(async () => {
  callers = [];
  server = await startTestServer(
    { enforcement: { getStatus: async () => [] } },
    {
      authenticate: async ({ authorization, host, peer }) => {
        callers.push({ authorization, host, peer });
        if (authorization === undefined) throw new CredentialMissingError();
        if (authorization !== "Bearer good") throw new CredentialInvalidError();
        return { role: "SERVICE", name: "good" };
      },
    },
  );
});

afterEach(async () => {
  await server.stop();
});

describe("a caller of the HTTP door", () => {
  it.each([
    ["HTTP/1.1", http1],
    ["HTTP/2", http2],
  ] as const)("is who its credential says, over %s", async (_version, send) => {
    const body = JSON.stringify({ tenantId });
    expect((await send(server.httpUrl, getStatus, { headers: { ...json, ...good }, body })).status).toBe(200);
    const { port } = server.http.address;
    expect(callers).toEqual([{ authorization: "Bearer good", host: `127.0.0.1:${port}`, peer: "127.0.0.1" }]);
  });

  it("is asked for its credential by GET and by REST as well", async () => {
    const query = new URLSearchParams({ encoding: "json", message: JSON.stringify({ tenantId }) });
    for (const target of [`${getStatus}?${query}`, "/api/quota/status/"]) {
      const headers = { "x-tenant-id": tenantId };
      expect((await http1(server.httpUrl, target, { headers })).status).toBe(401);
      expect((await http1(server.httpUrl, target, { headers: { ...headers, ...good } })).status).toBe(200);
      expect(
        (await http1(server.httpUrl, target, { headers: { ...headers, authorization: "Bearer bad" } })).status,
      ).toBe(401);
    }
  });

  it("has none when it sends two", async () => {
    const headers = { ...json, authorization: ["Bearer good", "Bearer good"] };
    const answer = await http1(server.httpUrl, getStatus, { headers, body: "{}" });
    expect(answer.status).toBe(401);
    expect(callers.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it("may not call what its role may not", async () => {
    const answer = await http1(server.httpUrl, createPlan, { headers: { ...json, ...good }, body: "{}" });
    expect(answer.status).toBe(403);
    expect(answer.body.toString()).toContain("ROLE_NOT_ALLOWED");
  });

  it("learns nothing of its message before it is let in, and has none of it read", async () => {
    for (const body of ["no JSON", " ".repeat(70_000)]) {
      const answer = await http1(server.httpUrl, getStatus, { headers: json, body });
      expect(answer.status).toBe(401);
    }
    const headers = { ...json, "content-length": String(1024 ** 3) };
    const answer = await http1(server.httpUrl, getStatus, { headers, body: "{" });
    expect([answer.status, answer.headers["connection"]]).toEqual([401, "close"]);
  });
});
