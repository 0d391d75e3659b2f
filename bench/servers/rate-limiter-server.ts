import pg from "pg";
import { RateLimiterPostgres } from "rate-limiter-flexible";
import { LimitEnforcement, LimitSource, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { serveRecordUsage } from "./bench-shell.ts";

/**
 * What many teams would reach for: `rate-limiter-flexible` on PostgreSQL, behind the service's door. It counts and decides;
 * it writes no event, knows no idempotency key, and its counter is an integer.
 */

const points = 2 ** 31 - 1;
const monthSeconds = 31 * 24 * 60 * 60;

const pool = new pg.Pool({
  connectionString: process.env["DATABASE_URL"],
  max: Number(process.env["DATABASE_POOL_MAX"] ?? "10"),
});

const limiter = await new Promise<RateLimiterPostgres>((resolve, reject) => {
  const created: RateLimiterPostgres = new RateLimiterPostgres(
    { storeClient: pool, storeType: "pool", tableName: "limiter", points, duration: monthSeconds },
    (error?: Error) => {
      if (error === undefined) resolve(created);
      else reject(error);
    },
  );
});

await serveRecordUsage(async ({ tenantId, metricCode, amount }) => {
  const result = await limiter.consume(`${tenantId}:${metricCode}`, Number(amount));
  return {
    status: {
      metricCode,
      current: BigInt(result.consumedPoints),
      limit: BigInt(points),
      remaining: BigInt(result.remainingPoints),
      enforcement: LimitEnforcement.HARD,
      periodKind: PeriodKind.MONTH,
      limitSource: LimitSource.DEFAULT_PLAN,
    },
  };
});
