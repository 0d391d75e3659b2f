import { defineEntity, p } from "@mikro-orm/core";
import { instantColumn } from "./columns.ts";
import { PlanEntity } from "./plan-entity.ts";
import { tenantFilter, tenantPolicies } from "./tenant-table.ts";

const table = "quota_subscription";

export const SubscriptionEntity = defineEntity({
  name: "SubscriptionEntity",
  tableName: table,
  properties: {
    tenantId: p.uuid().primary(),
    /** The foreign key refuses to delete a plan in use (R6) even where row level security hides the subscription. */
    plan: () => p.manyToOne(PlanEntity).fieldName("plan_code").deleteRule("restrict").updateRule("no action"),
    timeZone: p.text(),
    anchor: instantColumn().nullable(),
    createdAt: instantColumn(),
    updatedAt: instantColumn(),
  },
  indexes: [{ name: `${table}_plan_idx`, properties: ["plan"] }],
  filters: tenantFilter,
  policies: tenantPolicies(table),
  rowLevelSecurity: "force",
});
