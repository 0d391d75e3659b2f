import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import { LimitEnforcement, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { GrpcConnection } from "../../test/support/grpc-client.ts";
import type { BenchDatabase, BenchPostgres } from "./bench-postgres.ts";
import { startService } from "./service-process.ts";
import { metadata, metricCode, metricCodes, planCode, tenantCount, tenantId } from "./tenants.ts";

/** HARD, since that is what has to be decided; and never reached. */
const limit = 10n ** 15n;

const callsAtOnce = 50;

/**
 * The database that all others are copies of: a plan, a thousand subscribed tenants, and a counter for each of them with one
 * event. It is filled over the wire, so that it is as the service itself would have it.
 */
export async function createTemplate(postgres: BenchPostgres): Promise<BenchDatabase> {
  const template = await postgres.createMigrated("template");
  const service = await startService(template);
  const connection = new GrpcConnection(service.target);
  try {
    await seed(connection);
  } finally {
    connection.close();
    await service.stop();
  }
  return template;
}

async function seed(connection: GrpcConnection): Promise<void> {
  await connection.service(PlanService).createPlan({
    plan: {
      code: planCode,
      displayName: "Benchmark",
      limits: metricCodes.map((code) => ({
        metricCode: code,
        limit,
        enforcement: LimitEnforcement.HARD,
        periodKind: PeriodKind.MONTH,
      })),
    },
  });
  const subscriptions = connection.service(SubscriptionService);
  const quota = connection.service(QuotaService);
  for (let first = 1; first <= tenantCount; first += callsAtOnce) {
    const tenants = Array.from({ length: Math.min(callsAtOnce, tenantCount + 1 - first) }, (_, index) =>
      tenantId(first + index),
    );
    await Promise.all(
      tenants.map((tenant) => subscriptions.putSubscription({ subscription: { tenantId: tenant, planCode } })),
    );
    await Promise.all(
      tenants.map((tenant) =>
        quota.recordUsage({ tenantId: tenant, metricCode, amount: 1n, metadata, idempotencyKey: `seed ${tenant}` }),
      ),
    );
  }
}
