import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { platform } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { hard } from "../rules/fixtures.ts";
import { aTenant } from "../support/builders.ts";
import { GrpcConnection } from "../support/grpc-client.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { type AttackName, attackedTenant, attacks } from "./attacks.ts";

/**
 * One client goes on with its work on a connection of its own while another process does its worst. What is compared is the
 * median of the same calls with and without; a machine that is busy with other things slows both down.
 */

const attackerFile = fileURLToPath(new URL("attacker.child.ts", import.meta.url));
/** Until the attack is in full swing. */
const warmUpMs = 700;
/** What is counted by the second is seen after one or two. */
const seenWithin = { timeout: 10_000, interval: 100 };
const callsMeasured = 100;
/** Generous: without the bounds the median of some attacks is a hundred times the quiet one. */
const slowdownMax = 12;
/** Below this nobody is delayed, whatever the ratio. */
const medianAlwaysFineMs = 25;
/** What attacks may leave behind in the memory: V8 alone keeps some 200 for what is young, and collects the rest when it likes. */
const growthMaxMebibytes = 800;
const eventsStored = 300;

const doors = ["gRPC", "HTTP"] as const;
type Door = (typeof doors)[number];

/** Those of gRPC's own messages are no calls at the HTTP door, which refuses them unread. */
const ofGrpcAlone: readonly string[] = [
  "gzip bomb",
  "slow reader",
  "open streams",
  "empty data",
] satisfies AttackName[];
const attempts = doors.flatMap((door) =>
  (Object.keys(attacks) as AttackName[])
    .filter((name) => door === "gRPC" || !ofGrpcAlone.includes(name))
    .map((name) => [name, door] as const),
);

let database: TestDatabase;
let server: ServerProcess;
let connection: GrpcConnection;
let quietMs: number;
let quietMebibytes: number;
const tenantId = aTenant();

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startServerProcess({ DATABASE_URL: database.serviceUrl });
  connection = new GrpcConnection(server.address);
  const limits = [hard("calls", 1_000_000n)];
  await connection.service(PlanService).createPlan({ plan: { code: "p", displayName: "P", limits, isDefault: true } });
  const record = { tenantId: attackedTenant, metricCode: "calls", amount: 1n, metadata: { text: "x".repeat(4_000) } };
  const { recordUsage } = connection.service(QuotaService);
  await Promise.all(Array.from({ length: eventsStored }, () => recordUsage(record)));
  await medianOf(3 * callsMeasured);
  quietMs = await medianOf(callsMeasured);
  quietMebibytes = residentMebibytes();
});

afterAll(async () => {
  connection.close();
  await server.end();
  await database.drop();
});

async function medianOf(calls: number): Promise<number> {
  const { checkQuota } = connection.service(QuotaService);
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const begunAt = performance.now();
    await checkQuota({ tenantId, metricCode: "calls", amount: 1n }, { deadlineMs: 20_000 });
    times.push(performance.now() - begunAt);
  }
  return times.sort((a, b) => a - b)[calls >> 1] ?? Number.NaN;
}

function residentMebibytes(): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(server.process.pid)], { encoding: "utf8" })) / 1_024;
}

/** Every attacker has an address of its own, or the first would have the others turned away; only Linux gives them freely. */
function startAttack(name: AttackName, door: Door): ChildProcess {
  const { port } = new URL(door === "gRPC" ? `http://${server.address}` : server.httpUrl);
  const from = `127.0.${doors.indexOf(door) + 1}.${Object.keys(attacks).indexOf(name) + 1}`;
  return fork(attackerFile, [port, name, ...(platform() === "linux" ? [from] : [])]);
}

async function countsOf(attacker: ChildProcess): Promise<{ connected: number; ended: number }> {
  attacker.send("how many?");
  const [counts] = await once(attacker, "message");
  return counts;
}

it.each(attempts)("%s at the %s door neither delays others nor fills the memory", async (name, door) => {
  const attacker = startAttack(name, door);
  try {
    await vi.waitFor(async () => expect((await countsOf(attacker)).connected).toBeGreaterThan(0), seenWithin);
    await new Promise((resolve) => setTimeout(resolve, warmUpMs));
    const attackedMs = await medianOf(callsMeasured);
    if (attacks[name].isEnded)
      await vi.waitFor(async () => expect((await countsOf(attacker)).ended).toBeGreaterThan(0), seenWithin);
    expect(attackedMs).toBeLessThan(Math.max(quietMs * slowdownMax, medianAlwaysFineMs));
    expect(residentMebibytes() - quietMebibytes).toBeLessThan(growthMaxMebibytes);
  } finally {
    attacker.kill();
    await once(attacker, "exit");
  }
});

it("the server is as quick as before, and its health is good", async () => {
  expect(await medianOf(callsMeasured)).toBeLessThan(Math.max(quietMs * slowdownMax, medianAlwaysFineMs));
  expect(server.output()).not.toContain("does not answer");
});
