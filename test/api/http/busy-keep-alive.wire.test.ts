import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import { OpenAuthenticator } from "../../../src/api/auth/open-authenticator.ts";
import { startTestServer, type TestServer } from "../test-server.ts";

let bounds: DoorBounds;
let server: TestServer;

beforeEach(async () => {
  bounds = new DoorBounds({ debug: () => undefined, error: () => undefined });
  server = await startTestServer({}, new OpenAuthenticator(), {}, bounds);
});

afterEach(async () => {
  bounds.connections.stop();
  await server.stop();
});

/** More than a second's worth of what the guard allows frames that belong to no call. */
const requests = 2_000;
const bytesEach = 4_000;
const atOnce = 4;

it("a client that sends thousands of requests on few connections of HTTP/1.1 is not cut", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const ports = new Set<number | undefined>();
  const { port } = server.http.address;
  const one = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port, path: "/healthz", agent, headers: { "x-long": "y".repeat(bytesEach) } },
        (response) => {
          ports.add(response.socket.localPort);
          response.on("end", () => resolve(response.statusCode)).resume();
        },
      );
      sent.on("error", reject).end();
    });
  const answers: (number | undefined)[] = [];
  const client = async () => {
    for (let n = 0; n < requests / atOnce; n += 1) answers.push(await one());
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  // The guard looks once a second.
  await delay(1_200);
  answers.push(...(await Promise.all(Array.from({ length: atOnce }, one))));
  expect(new Set(answers)).toEqual(new Set([200]));
  expect(ports.size).toBe(atOnce);
  agent.destroy();
});
