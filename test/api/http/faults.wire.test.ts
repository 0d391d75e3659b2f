import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectionBounds } from "../../../src/api/abuse/connection-bounds.ts";
import { DoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import { CredentialMissingError } from "../../../src/domain/errors/access-errors.ts";
import { startTestServer, type TestServer } from "../test-server.ts";

const getStatus = "/quota.v1.QuotaService/GetStatus";
const { burst } = connectionBounds.faults;
const json = { "content-type": "application/json", authorization: "Bearer good" };

let bounds: DoorBounds;
let server: TestServer;
let session: ClientHttp2Session;

beforeEach(async () => {
  bounds = new DoorBounds({ debug: () => undefined, error: () => undefined });
  const authenticator = {
    authenticate: ({ authorization }: { readonly authorization: string | undefined }) => {
      if (authorization === undefined) throw new CredentialMissingError();
      return { role: "SERVICE", name: "good" } as const;
    },
  };
  server = await startTestServer({}, authenticator, {}, bounds);
  session = connectHttp2(server.httpUrl).on("error", () => undefined);
});

afterEach(async () => {
  session.destroy();
  bounds.connections.stop();
  await server.stop();
});

interface Request {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The status; undefined when there is no answer any more. */
async function send({ path = getStatus, method = "POST", headers = json, body = "{}" }: Request) {
  if (session.closed || session.destroyed) return undefined;
  const stream = session.request({ ":path": path, ":method": method, ...headers });
  let status: number | undefined;
  stream.on("response", (received) => {
    status = received[":status"];
  });
  stream.on("error", () => undefined).resume();
  stream.end(method === "POST" ? body : undefined);
  await new Promise((resolve) => stream.once("close", resolve));
  return status;
}

const sendMany = (request: Request, count: number) => Promise.all(Array.from({ length: count }, () => send(request)));

const { authorization: _, ...anonymous } = json;
const noCalls: readonly [string, Request][] = [
  ["to a path where nothing is", { path: "/x" }],
  ["to no endpoint of REST", { path: "/api/quota/other/" }],
  ["by the wrong method", { method: "PUT" }],
  ["in no form that is known", { headers: { ...json, "content-type": "text/plain" } }],
  ["in no form that REST knows", { path: "/api/quota/check/", headers: { ...json, "content-type": "text/plain" } }],
  ["in no compression that is known", { headers: { ...json, "content-encoding": "zip" } }],
  ["that cannot be decompressed", { headers: { ...json, "content-encoding": "gzip" } }],
  ["that are no JSON", { body: "{" }],
  ["without a credential", { headers: anonymous }],
  ["of REST without a credential", { path: "/api/quota/status/", method: "GET", headers: anonymous }],
];

describe("requests over HTTP/2", () => {
  it.each(noCalls)("%s end their connection when they are too many", async (_name, request) => {
    const answered = await sendMany(request, burst - 10);
    expect(answered.every((status) => status !== undefined && status >= 400)).toBe(true);
    await sendMany(request, 2 * burst);
    expect(session.destroyed).toBe(true);
  });

  it("that can be read and are refused for what is in them do not", async () => {
    const statuses = await sendMany({ body: '{"tenantId":""}' }, 3 * burst);
    expect(new Set(statuses)).toEqual(new Set([400]));
  });

  it("that are too large, several of them in a second, are answered, and nothing is held against the connection", async () => {
    const body = JSON.stringify({ tenantId: "x".repeat(900 * 1024) });
    for (let round = 0; round < 3; round += 1) {
      expect(await sendMany({ body }, 4)).toEqual([400, 400, 400, 400]);
      // Bytes are compared with calls once a second.
      await delay(700);
    }
    expect(session.destroyed).toBe(false);
  });
});

it("requests over HTTP/1.1 that are none end their connection too when they are too many", async () => {
  const socket = connect(server.http.address.port, "127.0.0.1").on("error", () => undefined);
  socket.resume();
  const request = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
  socket.write(request.repeat(burst - 10));
  await delay(300);
  expect(socket.destroyed).toBe(false);
  socket.write(request.repeat(2 * burst));
  await once(socket, "close");
});
