import { defineEntity, p } from "@mikro-orm/core";
import { counterMax } from "../../../domain/bounds.ts";
import { limitEnforcements } from "../../../domain/limit-enforcement.ts";
import { periodKinds } from "../../../domain/period-kind.ts";
import { counterColumn, instantColumn } from "./columns.ts";

/** Plans belong to no tenant: no filter and no policy, privileges alone. */
export const PlanEntity = defineEntity({
  name: "PlanEntity",
  tableName: "quota_plan",
  properties: {
    code: p.text().primary(),
    displayName: p.text(),
    isDefault: p.boolean(),
    revision: counterColumn(),
    createdAt: instantColumn(),
    updatedAt: instantColumn(),
  },
  uniques: [{ name: "quota_plan_default_key", properties: ["isDefault"], where: "is_default" }],
});

export const PlanLimitEntity = defineEntity({
  name: "PlanLimitEntity",
  tableName: "quota_plan_limit",
  properties: {
    plan: () => p.manyToOne(PlanEntity).primary().fieldName("plan_code").deleteRule("cascade").updateRule("no action"),
    metricCode: p.text().primary(),
    /** Null is unlimited. */
    quotaLimit: counterColumn().nullable(),
    enforcement: p.enum(limitEnforcements),
    periodKind: p.enum(periodKinds),
  },
  checks: [{ name: "quota_plan_limit_limit_check", expression: `quota_limit >= 0 and quota_limit <= ${counterMax}` }],
});
