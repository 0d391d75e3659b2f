import { GrpcConnection } from "../../test/support/grpc-client.ts";
import type { Bench } from "../bench.ts";
import { type BenchDatabase, rowsOf, withClient } from "../environment/bench-postgres.ts";
import type { ServerProcess } from "../environment/server-process.ts";
import type { Requests } from "../environment/tenants.ts";
import type { LoadJob, LoadResult } from "../load/load-job.ts";
import { CostMeter } from "./cost-meter.ts";
import type { Measurement } from "./measurement.ts";

export interface Load {
  readonly servers: readonly ServerProcess[];
  /** Where the calls leave events; absent when they leave none. */
  readonly recordsIn?: BenchDatabase;
  readonly requests: Requests;
  readonly pace: LoadJob["pace"];
  readonly client?: LoadJob["client"];
}

/** How long an arm is driven before it is measured, and measured. */
export interface Timing {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** @throws Error when a single call fails: a refusal is quicker than an answer */
export async function measureLoad(bench: Bench, load: Load, timing: Timing): Promise<Measurement> {
  const { servers, recordsIn, requests, pace, client = "frames" } = load;
  const meter = new CostMeter(
    bench,
    servers.map((server) => server.processId),
  );
  const addresses = servers.map((server) => server.address);
  const bytesBefore = recordsIn === undefined ? 0 : await eventTableBytes(recordsIn);
  const result = await bench.generator.run({ addresses, ...requests, client, pace, ...timing }, meter);
  if (recordsIn !== undefined) bench.addAcknowledged(recordsIn, result.acknowledged);
  if (result.failed > 0) throw await failedCalls(result, load);
  const costs = await meter.costs();
  const answers = Math.max(1, result.answered);
  return {
    perSecond: result.answered / result.seconds,
    latency: result.latency,
    serverCpuUs: (costs.serverMs * 1_000) / answers,
    postgresCpuUs: (costs.postgresMs * 1_000) / answers,
    generatorCpuShare: result.generatorCpuMs / 1_000 / result.seconds,
    otherCpuShare: Math.max(0, costs.restMs - result.generatorCpuMs + costs.stolenMs) / 1_000 / costs.seconds,
    logFlushesPerThousand: (costs.logFlushes * 1_000) / answers,
    logBytesPerAnswer: costs.logBytes / answers,
    residentBytes: costs.residentBytes,
    ...(recordsIn === undefined
      ? {}
      : { diskBytesPerEvent: ((await eventTableBytes(recordsIn)) - bytesBefore) / result.acknowledged }),
  };
}

/** The generator does not read what errors say, so one call is made again by a client that does. */
async function failedCalls({ failed, acknowledged }: LoadResult, { servers, requests }: Load): Promise<Error> {
  const failure = `${failed} of ${failed + acknowledged} calls failed`;
  const connection = new GrpcConnection(servers[0]?.target ?? "");
  try {
    await connection.callRaw(requests.path, Buffer.from(requests.messages[0] ?? "", "base64"));
    return new Error(`${failure}; one more succeeded`);
  } catch (error) {
    return new Error(`${failure}; one more: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    connection.close();
  }
}

/** With indexes and everything. */
export async function eventTableBytes(database: BenchDatabase): Promise<number> {
  return await withClient(database.superuserUrl, async (client) => {
    const [row] = await rowsOf<{ bytes: string }>(
      client,
      "select pg_total_relation_size('quota_usage_event')::text as bytes",
    );
    return Number(row?.bytes);
  });
}
