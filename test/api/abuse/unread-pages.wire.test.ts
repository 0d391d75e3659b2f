import { connect, type Socket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ListEventsRequestSchema, QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import { DoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import type { Authenticator } from "../../../src/api/auth/authenticator.ts";
import { OpenAuthenticator } from "../../../src/api/auth/open-authenticator.ts";
import { flags, grpcHeaders, http2Frame, preface, settings } from "../../abuse/http2-frames.ts";
import { aUsageEvent } from "../../support/builders.ts";
import { frame } from "../raw-grpc-call.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import { tenantId } from "../wire-bytes.ts";

/** Says no to nobody, and tells by the header who calls. */
const byHeader: Authenticator = {
  authenticate: ({ authorization }) =>
    authorization === undefined
      ? { role: "SERVICE", name: "back end", keyId: "service" }
      : { role: "TENANT", name: "tenant", tenantId, keyId: authorization },
};

const page = [aUsageEvent({ tenantId, metadata: JSON.stringify({ a: "x".repeat(1_000_000) }) })];
const event = aUsageEvent({ tenantId });
const usage = { tenantId, metricCode: "api.calls", amount: 2n };
const hoarders = 20;
const pagesEach = 9;
const listRequest = frame(
  Buffer.from(toBinary(ListEventsRequestSchema, create(ListEventsRequestSchema, { tenantId }))),
);

let bounds: DoorBounds;
let server: TestServer;
let sockets: Socket[];

beforeEach(() => {
  bounds = new DoorBounds({ debug: () => undefined, error: () => undefined });
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  bounds.connections.stop();
  await server.stop();
});

async function start(authenticator: Authenticator): Promise<void> {
  const status = { ...aUsageEvent({ metricCode: "api.calls" }), current: 7n };
  server = await startTestServer(
    {
      eventListing: { list: async () => ({ items: page }) },
      tracking: { recordUsage: async () => ({ event, status, overLimit: false, replayed: false }) },
    },
    authenticator,
    {},
    bounds,
  );
}

/** Asks for pages whose bytes it allows nobody to send, and sends PINGs, whose acknowledgements are written all the same. */
function hoard(authorization?: string): void {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined).resume();
  const more = authorization === undefined ? {} : { authorization };
  const calls = Array.from({ length: pagesEach }, (_, n) =>
    Buffer.concat([
      http2Frame(
        "headers",
        flags.endHeaders,
        2 * n + 1,
        grpcHeaders(server.port, "/quota.v1.QuotaService/ListEvents", more),
      ),
      http2Frame("data", flags.endStream, 2 * n + 1, listRequest),
    ]),
  );
  socket.write(Buffer.concat([preface, settings({ initialWindowSize: 0 }), ...calls]));
  const pings = setInterval(() => socket.write(http2Frame("ping", 0, 0, Buffer.alloc(8))), 100);
  socket.once("close", () => clearInterval(pings));
  sockets.push(socket);
}

describe("answers that nobody reads", () => {
  it.each([
    ["without authentication", new OpenAuthenticator(), undefined],
    ["by the credentials of many tenants", byHeader, (n: number) => `tenant ${n}`],
    ["by the credential of one", byHeader, () => "tenant"],
  ])("do not keep a neighbour from recording usage, when they are asked for %s", async (_name, authenticator, who) => {
    await start(authenticator);
    const { recordUsage } = server.connection.service(QuotaService);
    await recordUsage(usage);
    for (let n = 0; n < hoarders; n += 1) {
      hoard(who?.(n));
      await expect(recordUsage(usage)).resolves.toMatchObject({ replayed: false });
    }
    await expect.poll(() => bounds.unsent.bytes).toBeGreaterThan(10_000_000);
    for (let n = 0; n < 100; n += 1) await expect(recordUsage(usage)).resolves.toMatchObject({ replayed: false });
    expect(bounds.unsent.bytes).toBeLessThan(129 * 1024 * 1024);
  });
});
