import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { GrpcConnection } from "../support/grpc-client.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { type Command, npm } from "./command.ts";
import { query, withOpenTransaction } from "./database-state.ts";
import { DataDirectory } from "./own-postgres.ts";
import { RunningServers } from "./running-servers.ts";

const tenantId = "11111111-1111-4111-8111-111111111111";

/** A service takes signals closer together than this for one. */
const oneSignalMs = 1_000;
const signalEveryMs = 5;

describe("a service with a database of its own that is told to stop", () => {
  let directory: DataDirectory;
  let command: Command | undefined;
  const servers = new RunningServers();

  beforeAll(async () => {
    directory = await DataDirectory.create();
  });

  afterEach(async () => {
    await servers.kill();
    if (command !== undefined) signalGroup(command, "SIGKILL");
    command = undefined;
  });

  afterAll(async () => {
    await directory.remove();
  });

  const start = (env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> =>
    servers.start({ DATA_DIR: directory.path, ...env });

  /** `npm start`, once the service is ready. */
  async function npmStart(): Promise<Command> {
    command = npm(["start"], {
      DATA_DIR: directory.path,
      GRPC_LISTEN: "127.0.0.1:0",
      HTTP_LISTEN: "127.0.0.1:0",
    });
    await command.until('"msg":"ready"');
    return command;
  }

  async function expectCleanEnd(ended: Promise<unknown>, output: () => string): Promise<void> {
    expect(await ended).toBe(0);
    expect(output()).toContain('"msg":"stopped"');
    expect(await directory.processes()).toEqual([]);
  }

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("ends cleanly, with its PostgreSQL, at a %s", async (signal) => {
    const server = await start();
    await expectCleanEnd(server.end(signal), () => server.output());
  });

  it("takes signals that come close together for one, until the very end", async () => {
    const server = await start();
    const ended = server.end("SIGINT");
    const lastAt = performance.now() + oneSignalMs / 2;
    while (server.process.exitCode === null && performance.now() < lastAt) {
      await new Promise((resolve) => setTimeout(resolve, signalEveryMs));
      server.process.kill("SIGINT");
    }
    await expectCleanEnd(ended, () => server.output());
  });

  it("ends cleanly at a Ctrl-C, which reaches npm and everything below it, and npm hands on", async () => {
    const started = await npmStart();
    signalGroup(started, "SIGINT");
    await expectCleanEnd(started.ended, () => started.output());
  });

  it("ends cleanly when npm alone is told to stop, as a supervisor does", async () => {
    const started = await npmStart();
    process.kill(started.processId, "SIGTERM");
    await expectCleanEnd(started.ended, () => started.output());
  });

  it("answers the calls in flight first, and what it answers is there at the next start", async () => {
    // Nothing but the test decides how long the calls take.
    const patient = { STATEMENT_TIMEOUT_MS: "60000", LOCK_TIMEOUT_MS: "50000", DRAIN_TIMEOUT_MS: "60000" };
    const server = await start(patient);
    const connection = new GrpcConnection(server.address);
    const record = () =>
      connection.service(QuotaService).recordUsage({ tenantId, metricCode: "api_calls", amount: 1n });
    await record();

    const calls: ReturnType<typeof record>[] = [];
    let ended: Promise<unknown> | undefined;
    const block = "lock table quota_usage_record in exclusive mode";
    await withOpenTransaction(await directory.superuserUrl(), block, async (othersWait) => {
      // The first waits for the database, the others in the queue behind it.
      for (let call = 0; call < 20; call += 1) calls.push(record());
      await othersWait(1);
      ended = server.end("SIGTERM");
      await vi.waitFor(() => expect(server.output()).toContain('"msg":"stopping"'), 10_000);
      await expect(record()).rejects.toThrow("UNAVAILABLE");
    });
    const answers = await Promise.all(calls);
    expect(answers.map(({ event }) => event?.usageAfter)).toEqual(calls.map((_, index) => BigInt(index + 2)));
    connection.close();
    await expectCleanEnd(Promise.resolve(ended), () => server.output());

    const next = await start();
    const rows = await query(await directory.superuserUrl(), "select count(*)::int as n from quota_usage_event");
    expect(rows).toEqual([{ n: 21 }]);
    expect(await next.end()).toBe(0);
  });
});

function signalGroup({ processId }: Command, signal: NodeJS.Signals): void {
  try {
    process.kill(-processId, signal);
  } catch {
    // The whole group has ended.
  }
}
