import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { flags, headerBlock, http2Frame, preface, settings } from "../abuse/http2-frames.ts";
import { frame } from "./raw-grpc-call.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const path = "/quota.v1.QuotaService/GetStatus";

let server: TestServer;
let seen: (string | undefined)[];

beforeEach(async () => {
  seen = [];
  server = await startTestServer(
    { enforcement: { getStatus: async () => [] } },
    {
      authenticate: ({ authorization }) => {
        seen.push(authorization);
        return { role: "SERVICE", name: "good" };
      },
    },
  );
});

afterEach(async () => {
  await server.stop();
});

const doors = [
  ["gRPC", () => server.port, "application/grpc", frame(Buffer.alloc(0))],
  ["HTTP", () => server.http.address.port, "application/json", Buffer.from("{}")],
] as const;

it.each(doors)(
  "through the %s door two credentials over HTTP/2 are none, and one is one",
  async (_door, port, type, body) => {
    const call = (stream: number, credentials: readonly string[]) => {
      const fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "localhost",
        "content-type": type,
        te: "trailers",
      };
      const sent = credentials.map((credential) => ["authorization", credential] as const);
      const block = headerBlock([...Object.entries(fields), ...sent]);
      return [
        http2Frame("headers", flags.endHeaders, stream, block),
        http2Frame("data", flags.endStream, stream, body),
      ];
    };
    const socket = connect(port(), "127.0.0.1").on("error", () => undefined);
    socket.resume();
    await once(socket, "connect");
    const two = call(1, ["Bearer one", "Bearer two"]);
    socket.write(Buffer.concat([preface, settings({}), ...two, ...call(3, ["Bearer one"]), ...call(5, [])]));
    await expect.poll(() => seen).toEqual([undefined, "Bearer one", undefined]);
    socket.destroy();
  },
);
