import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { DoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import { StreamTable } from "../../../src/api/abuse/stream-table.ts";

function streamOf(name: number): ServerHttp2Stream {
  return { name } as unknown as ServerHttp2Stream;
}

/** Ids that a client may choose, those that share a bucket among them. */
const anyId = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 0, max: 8 }).map((factor) => 1 + factor * 256),
  fc.constantFrom(2 ** 31 - 1, 2 ** 31 - 257),
);

type Streams = Map<number, ServerHttp2Stream>;

const steps: Record<string, (streams: Streams, id: number, stream: ServerHttp2Stream) => unknown> = {
  set: (streams, id, stream) => void streams.set(id, stream),
  setAgain: (streams, id, stream) => void streams.set(id, stream).set(id, stream),
  delete: (streams, id) => streams.delete(id),
  get: (streams, id) => streams.get(id),
  has: (streams, id) => streams.has(id),
  getOrInsert: (streams, id, stream) => streams.getOrInsert(id, stream),
  getOrInsertComputed: (streams, id, stream) => streams.getOrInsertComputed(id, () => stream),
};

const anyStep = fc.record({
  step: fc.constantFrom(...Object.values(steps)),
  id: anyId,
  stream: fc.constantFrom(...[1, 2, 3].map(streamOf)),
});

function contents(streams: Streams): unknown {
  return {
    size: streams.size,
    entries: [...streams].sort(([a], [b]) => a - b),
    keys: [...streams.keys()].sort((a, b) => a - b),
    values: streams.values().toArray().length,
  };
}

test("answers whatever is done with it as a Map does", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 80 }), (chosen) => {
      const table = new StreamTable();
      const map: Streams = new Map();
      for (const { step, id, stream } of chosen) {
        expect(step(table, id, stream)).toBe(step(map, id, stream));
        expect(contents(table)).toEqual(contents(map));
      }
      table.clear();
      expect(contents(table)).toEqual(contents(new Map()));
    }),
    { numRuns: 300 },
  );
});

test("is gone through without what is deleted meanwhile, by whichever way, and with all that is not", () => {
  const ids = [1, 3, 257, 513, 769];
  const ways: ((streams: Streams, visit: (id: number) => void) => void)[] = [
    (streams, visit) => {
      streams.forEach((_stream, id) => {
        visit(id);
      });
    },
    (streams, visit) => {
      for (const [id] of streams) visit(id);
    },
    (streams, visit) => {
      for (const id of streams.keys()) visit(id);
    },
  ];
  for (const way of ways) {
    const table = new StreamTable();
    for (const id of ids) table.set(id, streamOf(id));
    const seen: number[] = [];
    way(table, (id) => {
      seen.push(id);
      table.delete(id);
      table.delete(257);
    });
    expect(seen.filter((id) => id !== 257).sort((a, b) => a - b)).toEqual([1, 3, 513, 769]);
    // Only who is visited first is not deleted yet.
    expect(seen.indexOf(257)).toBeLessThanOrEqual(0);
    expect(table.size).toBe(0);
  }
});

let end: (() => Promise<void>) | undefined;
afterEach(async () => {
  await end?.();
  end = undefined;
});

async function serveOnce(): Promise<{ readonly client: ClientHttp2Session; readonly taken: Promise<Http2Session> }> {
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.on("error", () => undefined);
    if (headers[":path"] === "/answered") stream.respond({ ":status": 200 }, { endStream: true });
  });
  const taken = once(server, "session").then(([session]) => session as Http2Session);
  const guard = new DoorBounds({ debug: () => undefined, error: () => undefined }).connections;
  guard.watch(server, server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on("error", () => undefined);
  end = async () => {
    guard.stop();
    client.destroy();
    server.close();
    await once(server, "close");
  };
  return { client, taken };
}

function call(client: ClientHttp2Session, path: string): ClientHttp2Stream {
  const stream = client.request({ ":path": path, ":method": "POST" });
  stream.on("error", () => undefined);
  stream.end();
  stream.resume();
  return stream;
}

function streamsOf(session: Http2Session): StreamTable {
  const name = Object.getOwnPropertySymbols(session).find(({ description }) => description === "state");
  const { streams } = Reflect.get(session, name ?? "") as { readonly streams: StreamTable };
  expect(streams).toBeInstanceOf(StreamTable);
  return streams;
}

test("is what this version of Node keeps a session's open streams in, and takes them out of", async () => {
  const { client, taken } = await serveOnce();
  const callsTo = (path: string) => Array.from({ length: 40 }, () => call(client, path));
  const held = callsTo("/held");
  const answered = callsTo("/answered");
  const table = streamsOf(await taken);
  await Promise.all(answered.map((stream) => once(stream, "close")));
  await expect.poll(() => table.size).toBe(held.length);
  for (const stream of held) stream.close();
  await expect.poll(() => table.size).toBe(0);
});

test("has a session that is destroyed, or whose client is gone, end all the streams in it", async () => {
  for (const leave of ["server", "client"] as const) {
    const { client, taken } = await serveOnce();
    for (let count = 0; count < 30; count += 1) call(client, "/held");
    const session = await taken;
    const table = streamsOf(session);
    await expect.poll(() => table.size).toBe(30);
    const streams = [...table.values()];
    if (leave === "server") session.destroy();
    else client.destroy();
    await expect.poll(() => streams.every(({ destroyed }) => destroyed)).toBe(true);
    await expect.poll(() => table.size).toBe(0);
    await end?.();
    end = undefined;
  }
});
