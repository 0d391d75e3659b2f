import { defineEntity, p } from "@mikro-orm/core";
import { counterMax } from "../../../domain/bounds.ts";
import { periodKinds } from "../../../domain/period-kind.ts";
import { counterColumn, instantColumn } from "./columns.ts";
import { tenantFilter, tenantPolicies } from "./tenant-table.ts";

const table = "quota_usage_record";

export const UsageRecordEntity = defineEntity({
  name: "UsageRecordEntity",
  tableName: table,
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    ordinal: counterColumn(),
    currentUsage: counterColumn(),
    lastSequence: counterColumn(),
    lastEventId: p.uuid(),
    lastEventAt: instantColumn(),
    periodStart: instantColumn(),
    periodEnd: instantColumn(),
    createdAt: instantColumn(),
    periodKind: p.enum(periodKinds),
    metricCode: p.text(),
  },
  uniques: [
    { name: `${table}_period_key`, properties: ["tenantId", "metricCode", "periodKind", "periodStart"] },
    { name: `${table}_ordinal_key`, properties: ["tenantId", "metricCode", "ordinal"] },
  ],
  indexes: [
    { name: `${table}_open_idx`, properties: ["tenantId", "metricCode", "periodEnd"] },
    { name: `${table}_end_idx`, properties: ["tenantId", "periodEnd"] },
    // For readers of all tenants. None has a column that an event changes, so that the update of a counter stays out of them.
    { name: `${table}_created_idx`, properties: ["createdAt", "tenantId", "id"] },
    { name: `${table}_earliest_idx`, properties: ["periodEnd", "tenantId", "id"] },
    {
      name: `${table}_latest_idx`,
      columns: [{ name: "periodEnd", sort: "desc" }, { name: "tenantId" }, { name: "id" }],
    },
    { name: `${table}_metric_idx`, properties: ["metricCode", "tenantId"] },
  ],
  checks: [
    { name: `${table}_usage_check`, expression: `current_usage >= 0 and current_usage <= ${counterMax}` },
    { name: `${table}_sequence_check`, expression: "last_sequence >= 0 and ordinal >= 1" },
    {
      name: `${table}_time_check`,
      expression: "period_start <= last_event_at and last_event_at < period_end and period_start < period_end",
    },
  ],
  filters: tenantFilter,
  policies: tenantPolicies(table),
  rowLevelSecurity: "force",
});
