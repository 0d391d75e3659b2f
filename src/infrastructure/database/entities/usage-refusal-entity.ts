import { defineEntity, p } from "@mikro-orm/core";
import { counterColumn, instantColumn } from "./columns.ts";
import { tenantFilter, tenantPolicies } from "./tenant-table.ts";

const table = "quota_usage_refusal";

export const UsageRefusalEntity = defineEntity({
  name: "UsageRefusalEntity",
  tableName: table,
  properties: {
    tenantId: p.uuid().primary(),
    metricCode: p.text().primary(),
    hour: instantColumn().primary(),
    count: counterColumn(),
    lastLimit: counterColumn(),
    lastCurrent: counterColumn(),
    lastAmount: counterColumn(),
    lastRefusedAt: instantColumn(),
  },
  indexes: [
    {
      name: `${table}_hour_idx`,
      columns: [{ name: "hour", sort: "desc" }, { name: "tenantId" }, { name: "metricCode" }],
    },
  ],
  checks: [{ name: `${table}_count_check`, expression: "count >= 1" }],
  filters: tenantFilter,
  policies: tenantPolicies(table),
  rowLevelSecurity: "force",
});
