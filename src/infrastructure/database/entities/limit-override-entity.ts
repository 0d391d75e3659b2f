import { defineEntity, p } from "@mikro-orm/core";
import { counterMax } from "../../../domain/bounds.ts";
import { limitEnforcements } from "../../../domain/limit-enforcement.ts";
import { counterColumn, instantColumn } from "./columns.ts";
import { tenantFilter, tenantPolicies } from "./tenant-table.ts";

const table = "quota_limit_override";

export const LimitOverrideEntity = defineEntity({
  name: "LimitOverrideEntity",
  tableName: table,
  properties: {
    tenantId: p.uuid().primary(),
    metricCode: p.text().primary(),
    /** Null is unlimited. */
    quotaLimit: counterColumn().nullable(),
    /** Null: the plan's. */
    enforcement: p.enum(limitEnforcements).nullable(),
    reason: p.text(),
    expiresAt: instantColumn().nullable(),
    createdAt: instantColumn(),
    updatedAt: instantColumn(),
  },
  checks: [{ name: `${table}_limit_check`, expression: `quota_limit >= 0 and quota_limit <= ${counterMax}` }],
  filters: tenantFilter,
  policies: tenantPolicies(table),
  rowLevelSecurity: "force",
});
