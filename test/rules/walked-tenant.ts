import { aTenant } from "../support/builders.ts";
import type { TestApp } from "../support/test-app.ts";
import { item, planCode } from "./error-lines.ts";
import { amountMax, hard, noon, subscribe, unlimited } from "./fixtures.ts";

/** Brings about what the table of errors is walked on, and gives the tenant. Stops the clock. */
export async function walkedTenant(app: TestApp): Promise<string> {
  const tenantId = aTenant();
  await app.setClock(noon);
  const limits = [hard("items", 5n), unlimited("free")];
  await app.plans.createPlan({ plan: { code: planCode, displayName: "Walked", limits } });
  await subscribe(app, tenantId, planCode);
  await app.quota.recordUsage({ ...item(tenantId), idempotencyKey: "taken" });
  for (let call = 0; call < 9; call += 1) {
    await app.quota.recordUsage({ tenantId, metricCode: "free", amount: amountMax });
  }
  return tenantId;
}
