import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hard, soft, tenantOn } from "../../../test/rules/fixtures.ts";
import { startTestApp, type TestApp } from "../../../test/support/test-app.ts";
import { QuotaExceededError, type QuotaServiceError, QuotaUnavailableError } from "../src/errors.ts";
import { QuotaClient } from "../src/quota-client.ts";
import type { QuotaTransport } from "../src/transport.ts";
import { lossy } from "./lossy-transport.ts";
import { errorOf } from "./scripted-transport.ts";
import { ways } from "./ways.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const metricCode = "tracked_products";

describe.each(Object.entries(ways))("over %s", (_, way) => {
  let transport: QuotaTransport;
  let client: QuotaClient;
  beforeAll(() => {
    transport = way.to(way.door(app));
    client = new QuotaClient({ transport });
  });
  afterAll(() => client.close());

  it("records until refused, and the refusal has its numbers", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard(metricCode, 10n));
    const admitted: bigint[] = [];
    const refusal = await errorOf(
      (async () => {
        for (;;) admitted.push((await client.record({ tenantId, metricCode, amount: 4 })).status.current);
      })(),
    );
    expect(admitted).toEqual([4n, 8n]);
    expect(refusal).toBeInstanceOf(QuotaExceededError);
    expect(refusal).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      metricCode,
      limit: 10n,
      current: 8n,
      requested: 4n,
      remaining: 2n,
      enforcement: "HARD",
      limitSource: "SUBSCRIBED_PLAN",
      planCode,
      attempts: 1,
      mayBeRecorded: false,
    });
    const { periodEnd, retryAfterMs } = refusal as QuotaExceededError;
    expect(periodEnd?.getTime()).toBeGreaterThan(Date.now());
    expect(Math.abs((retryAfterMs ?? 0) - ((periodEnd?.getTime() ?? 0) - Date.now()))).toBeLessThan(60_000);
  });

  it("counts a use once when its answer was lost, and says that it was replayed", async () => {
    const { tenantId } = await tenantOn(app, hard(metricCode, 10n));
    const losing = new QuotaClient({ transport: lossy(transport, (attempt) => attempt <= 2) });
    const { event, attempts, replayed } = await losing.record({ tenantId, metricCode, amount: 4 });
    expect({ attempts, replayed, usageAfter: event.usageAfter }).toEqual({
      attempts: 3,
      replayed: true,
      usageAfter: 4n,
    });
    const [status] = await client.status({ tenantId });
    expect(status?.current).toBe(4n);
  });

  it("admits exactly the limit when hundreds of calls lose answers at once", async () => {
    const limit = 100;
    const { tenantId } = await tenantOn(app, hard(metricCode, BigInt(limit)));
    // So many attempts that no call loses them all by chance.
    const losing = new QuotaClient({
      transport: lossy(transport, (attempt) => attempt % 8 === 0),
      inFlightMax: 32,
      attemptsMax: 20,
    });
    const outcomes = await Promise.allSettled(
      Array.from({ length: limit + 60 }, () => losing.record({ tenantId, metricCode, amount: 1 })),
    );
    const refused = outcomes
      .filter(({ status }) => status === "rejected")
      .map((outcome) => (outcome as PromiseRejectedResult).reason);
    expect(refused.filter((error) => !(error instanceof QuotaExceededError))).toEqual([]);
    expect(outcomes.length - refused.length).toBe(limit);
    expect((await client.status({ tenantId }))[0]).toMatchObject({ current: BigInt(limit), remaining: 0n });
  });

  it("keeps an undecided use until it is recorded, once", async () => {
    const { tenantId } = await tenantOn(app, hard(metricCode, 10n));
    const kept: Parameters<typeof client.record>[0][] = [];
    const admitting = new QuotaClient({
      transport: lossy(transport, (attempt) => attempt === 1),
      attemptsMax: 1,
      whenUnavailable: { record: "admit" },
      keepUndecided: ({ input }) => void kept.push(input),
    });
    const result = await admitting.record({ tenantId, metricCode, amount: 4, metadata: { row: 17 } });
    expect(result).toMatchObject({ decided: false, admitted: true, use: { mayBeRecorded: true } });
    for (const input of kept) expect(await admitting.record(input)).toMatchObject({ decided: true, replayed: true });
    expect((await client.status({ tenantId }))[0]?.current).toBe(4n);
  });

  it("checks, and tells where the tenant stands", async () => {
    const { tenantId } = await tenantOn(app, hard(metricCode, 10n), soft("exports", 1n));
    await client.record({ tenantId, metricCode, amount: 8 });
    expect(await client.check({ tenantId, metricCode, amount: 2 })).toMatchObject({
      decided: true,
      allowed: true,
      wouldExceed: false,
      remaining: 0n,
    });
    expect(await client.check({ tenantId, metricCode, amount: 3 })).toMatchObject({
      allowed: false,
      wouldExceed: true,
      remaining: -1n,
      status: { current: 8n, limit: 10n, enforcement: "HARD", periodKind: "MONTH", limitSource: "SUBSCRIBED_PLAN" },
    });
    expect(await client.check({ tenantId, metricCode: "exports", amount: 5 })).toMatchObject({
      allowed: true,
      wouldExceed: true,
    });
    expect((await client.record({ tenantId, metricCode: "exports", amount: 5 })).overLimit).toBe(true);
    const statuses = await client.status({ tenantId });
    expect(statuses.map((status) => [status.metricCode, status.current, status.remaining])).toEqual([
      ["exports", 5n, -4n],
      [metricCode, 8n, 2n],
    ]);
    expect(await client.status({ tenantId, metricCodes: ["exports"] })).toHaveLength(1);
  });

  it("reads events over pages, and goes on at a token", async () => {
    const { tenantId, planCode } = await tenantOn(app, hard(metricCode, 100n));
    for (const row of [1, 2, 3, 4, 5]) {
      await client.record({ tenantId, metricCode, amount: row, metadata: { row }, idempotencyKey: `row-${row}` });
    }
    const rows: unknown[] = [];
    for await (const { metadata } of client.events({ tenantId, pageSize: 2, order: "oldest-first" }))
      rows.push(metadata["row"]);
    expect(rows).toEqual([1, 2, 3, 4, 5]);

    const first = await client.eventPages({ tenantId, pageSize: 3 }).next();
    if (first.done === true) throw new Error("there is no first page");
    expect(first.value.events[0]).toMatchObject({
      tenantId,
      metricCode,
      amount: 5n,
      metadata: { row: 5 },
      idempotencyKey: "row-5",
      sequence: 5n,
      usageAfter: 15n,
      limit: 100n,
      enforcement: "HARD",
      limitSource: "SUBSCRIBED_PLAN",
      planCode,
      requestedPlanCode: undefined,
      periodKind: "MONTH",
    });
    expect(first.value.events[0]?.createdAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
    const rest: unknown[] = [];
    for await (const event of client.events({ tenantId, pageSize: 3, pageToken: first.value.nextPageToken }))
      rest.push(event.amount);
    expect(rest).toEqual([2n, 1n]);
  });

  it("names every bad field", async () => {
    const error = await errorOf(client.record({ tenantId: "nobody", metricCode: "Bad Code", amount: 0 }));
    expect(error).toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      mayBeRecorded: false,
      attempts: 1,
    });
    const fields = (error as QuotaServiceError).violations.map(({ field }) => field);
    expect(fields.toSorted()).toEqual(["amount", "metric_code", "tenant_id"]);
  });

  it("says that a key was used for something else", async () => {
    const { tenantId } = await tenantOn(app, hard(metricCode, 10n));
    await client.record({ tenantId, metricCode, amount: 1, idempotencyKey: "k" });
    expect(await errorOf(client.record({ tenantId, metricCode, amount: 2, idempotencyKey: "k" }))).toMatchObject({
      code: "ALREADY_EXISTS",
      reason: "IDEMPOTENCY_KEY_REUSED",
      metadata: { idempotency_key: "k" },
    });
  });

  it("takes a closed port for a service that is not there", async () => {
    const address = `127.0.0.1:${await closedPort()}`;
    const away = new QuotaClient({ transport: way.to(address), attemptsMax: 2 });
    const error = await errorOf(away.record({ metricCode, amount: 1 }));
    expect(error).toBeInstanceOf(QuotaUnavailableError);
    expect(error).toMatchObject({ attempts: 2 });
    away.close();
  });

  it("gives up on a service that does not answer, at its deadline", async () => {
    const { server, address, close } = await silentServer();
    expect(server.listening).toBe(true);
    const waiting = new QuotaClient({ transport: way.to(address), attemptTimeoutMs: 150 });
    const begun = performance.now();
    const error = await errorOf(waiting.check({ metricCode, amount: 1 }, { deadlineMs: 400 }));
    expect(error).toBeInstanceOf(QuotaUnavailableError);
    expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(performance.now() - begun).toBeLessThan(2_000);
    waiting.close();
    await close();
  });

  it("ends at once when the caller aborts", async () => {
    const { address, close } = await silentServer();
    const waiting = new QuotaClient({ transport: way.to(address) });
    const begun = performance.now();
    const error = await errorOf(waiting.record({ metricCode, amount: 1 }, { signal: AbortSignal.timeout(100) }));
    expect(error).toMatchObject({ code: "CANCELLED", mayBeRecorded: true });
    expect(performance.now() - begun).toBeLessThan(1_500);
    waiting.close();
    await close();
  });

  it("finds a service again that was away", async () => {
    const { tenantId } = await tenantOn(app, hard(metricCode, 10n));
    const door = await openDoor(way.door(app));
    const returning = new QuotaClient({ transport: way.to(door.address), attemptsMax: 10 });
    await returning.record({ tenantId, metricCode, amount: 1 });
    await door.shut();
    const running = returning.record({ tenantId, metricCode, amount: 1 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await door.open();
    expect(await running).toMatchObject({ decided: true, status: { current: 2n } });
    returning.close();
    await door.shut();
  });
});

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("listens on no port");
  return address.port;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Takes connections and says nothing. */
async function silentServer() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
  });
  const address = `127.0.0.1:${await listen(server, 0)}`;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, address, close };
}

/** A way to the service that can be cut and opened again at the same address. */
async function openDoor(target: string) {
  const [host = "", targetPort = ""] = target.split(":");
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => void sockets.add(socket.on("error", () => undefined));
  let server: Server | undefined;
  let port = 0;
  const open = async () => {
    server = createServer((socket) => {
      const onward = connect(Number(targetPort), host);
      keep(socket);
      keep(onward);
      socket.pipe(onward).pipe(socket);
    });
    port = await listen(server, port);
  };
  const shut = async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server?.close(resolve));
  };
  await open();
  return { address: `127.0.0.1:${port}`, open, shut };
}
