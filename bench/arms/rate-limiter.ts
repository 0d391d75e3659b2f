import type { Bench } from "../bench.ts";
import type { ServerProcess } from "../environment/server-process.ts";
import { recordUsageRequests } from "../environment/tenants.ts";
import { measureLoad, type Timing } from "../measure/measure-load.ts";
import type { Measurement } from "../measure/measurement.ts";
import { type Arm, comparedInFlight } from "./arm.ts";

const databaseName = "limiter";
const poolSizes = [4, 8, 16, 32];
const tuningTiming: Timing = { warmUpMs: 500, measureMs: 1_500 };

export function limiterArm(spread: "even" | "hot"): string {
  return `rate-limiter-flexible on PostgreSQL, ${spread === "even" ? "1,000 keys" : "one key"}`;
}

export function rateLimiterArm(spread: "even" | "hot"): Arm {
  let poolSize = 8;
  return {
    name: limiterArm(spread),
    group: "limiter",
    inFlight: comparedInFlight,
    isQuick: true,
    tune: async (bench) => {
      const rates = new Map<number, number>();
      for (const size of poolSizes) {
        const { perSecond } = await measureLimiter(bench, spread, size, tuningTiming);
        rates.set(size, perSecond);
      }
      poolSize = poolSizes.reduce((best, size) => ((rates.get(size) ?? 0) > (rates.get(best) ?? 0) ? size : best));
      const tried = [...rates].map(([size, rate]) => `${size}: ${Math.round(rate)}/s`).join(", ");
      return `a pool of ${poolSize} connections (${tried})`;
    },
    run: async (bench, timing) => await measureLimiter(bench, spread, poolSize, timing),
  };
}

async function measureLimiter(
  bench: Bench,
  spread: "even" | "hot",
  poolSize: number,
  timing: Timing,
): Promise<Measurement> {
  return await measureLoad(
    bench,
    {
      servers: [await limiterServer(bench, poolSize)],
      requests: recordUsageRequests(spread),
      pace: { kind: "closed", inFlight: comparedInFlight },
    },
    timing,
  );
}

/** It makes its own table, so it comes as the owner, who may. */
async function limiterServer(bench: Bench, poolSize: number): Promise<ServerProcess> {
  const { ownerUrl } = await bench.database(databaseName);
  return await bench.server("rate-limiter", { DATABASE_URL: ownerUrl, DATABASE_POOL_MAX: String(poolSize) });
}
