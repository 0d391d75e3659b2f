import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import { OpenAuthenticator } from "../../../src/api/auth/open-authenticator.ts";
import { aTenant, aUsageEvent } from "../../support/builders.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { http2 } from "./http-calls.ts";

const path = "/quota.v1.QuotaService/CheckQuota";
const body = JSON.stringify({ tenantId: aTenant(), metricCode: "calls", amount: "1" });
const calls = 200;

let bounds: DoorBounds;
let server: TestServer;
let begun: number;
let answer: () => void;

beforeEach(async () => {
  bounds = new DoorBounds({ debug: () => undefined, error: () => undefined });
  begun = 0;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const checkQuota = async () => {
    begun += 1;
    await answered;
    return { wouldExceed: false, remaining: 1n, allowed: true, status: { ...aUsageEvent(), current: 1n } };
  };
  server = await startTestServer({ enforcement: { checkQuota } }, new OpenAuthenticator(), {}, bounds);
});

afterEach(async () => {
  bounds.connections.stop();
  await server.stop();
});

/** Calls that were given up before their answers, as the log has them. */
const givenUp = () => server.logged.filter(({ message }) => message === "call given up").length;

function begin(session: ClientHttp2Session, type: string) {
  const isEnveloped = type.startsWith("application/grpc-web");
  const message = isEnveloped ? Buffer.from([0, 0, 0, 0, body.length, ...Buffer.from(body)]) : body;
  const stream = session.request({ ":method": "POST", ":path": path, "content-type": type });
  stream.on("error", () => undefined).end(message);
  return stream;
}

describe("answers that nobody waits for any more", () => {
  it.each(["application/json", "application/grpc-web+json"])(
    "take no room over HTTP/2, in the form of %s, so that others are served on",
    async (type) => {
      const session = connectHttp2(server.httpUrl);
      const streams = Array.from({ length: calls }, () => begin(session, type));
      await expect.poll(() => begun).toBe(calls);
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
      await expect.poll(givenUp).toBe(calls);
      answer();
      // Of a connection that stays open: its end would not excuse that they are counted.
      expect(
        (await http2(server.httpUrl, path, { headers: { "content-type": "application/json" }, body })).status,
      ).toBe(200);
      await expect.poll(() => bounds.unsent.bytes).toBe(0);
      session.destroy();
    },
  );

  it("take no room over HTTP/1.1 where they wait behind another, whose caller is told to be gone as well", async () => {
    const { port } = server.http.address;
    const socket = connect(port, "127.0.0.1");
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    const waiting = `${head}\r\n\r\n${body}`;
    // The second is answered at once, and its answer waits for the first one's.
    socket.write(`${waiting}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n${waiting}`);
    await expect.poll(() => begun).toBe(2);
    expect(bounds.unsent.bytes).toBeGreaterThan(0);
    socket.destroy();
    await once(socket, "close");
    await expect.poll(givenUp).toBe(2);
    answer();
    await expect.poll(() => bounds.unsent.bytes).toBe(0);
  });
});
