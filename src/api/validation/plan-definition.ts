import type { Plan as PlanMessage, QuotaLimit as QuotaLimitMessage } from "../../../gen/quota/v1/plan_pb.ts";
import { LimitEnforcementSchema, PeriodKindSchema } from "../../../gen/quota/v1/usage_pb.ts";
import { displayNameLengthMax, planLimitsMax } from "../../domain/bounds.ts";
import { countProblem, repeatedPositions, revisionProblem, textProblem } from "../../domain/checks.ts";
import { quoted } from "../../domain/echo.ts";
import { InvalidRequestError } from "../../domain/errors/invalid-request-error.ts";
import { type PlanDefinition, sortLimits } from "../../domain/plan.ts";
import type { QuotaLimit } from "../../domain/quota-limit.ts";
import { enforcementsByNumber, periodKindsByNumber } from "../mapping/enums.ts";
import { readCode } from "./common-fields.ts";
import { readEnum } from "./enum-fields.ts";
import { FieldViolations } from "./field-violations.ts";
import { readLimit } from "./limit-fields.ts";

/**
 * The plan of a CreatePlan; `revision` is ignored.
 *
 * @throws InvalidRequestError naming every bad field
 */
export function newPlanOf(request: { readonly plan?: PlanMessage | undefined }): PlanDefinition {
  const violations = new FieldViolations();
  const definition = readPlan(violations, presentPlan(request));
  violations.throwIfAny();
  return definition;
}

/**
 * The plan of an UpdatePlan and the revision it is based on.
 *
 * @throws InvalidRequestError naming every bad field
 */
export function changedPlanOf(request: { readonly plan?: PlanMessage | undefined }): {
  definition: PlanDefinition;
  revision: bigint;
} {
  const violations = new FieldViolations();
  const plan = presentPlan(request);
  const definition = readPlan(violations, plan);
  violations.add("plan.revision", revisionProblem(plan.revision));
  violations.throwIfAny();
  return { definition, revision: plan.revision };
}

function presentPlan({ plan }: { readonly plan?: PlanMessage | undefined }): PlanMessage {
  if (plan === undefined) throw new InvalidRequestError([{ field: "plan", description: "is required" }]);
  return plan;
}

function readPlan(violations: FieldViolations, plan: PlanMessage): PlanDefinition {
  const code = readCode(violations, "plan.code", plan.code);
  violations.add("plan.display_name", textProblem(plan.displayName, displayNameLengthMax));
  violations.add("plan.limits", countProblem(plan.limits.length, planLimitsMax));
  const limits = plan.limits
    .slice(0, planLimitsMax)
    .map((limit, index) => readQuotaLimit(violations, `plan.limits[${index}]`, limit));
  checkMetricsDiffer(violations, limits);
  return { code, displayName: plan.displayName, limits: sortLimits(limits), isDefault: plan.isDefault };
}

function readQuotaLimit(violations: FieldViolations, path: string, message: QuotaLimitMessage): QuotaLimit {
  const enforcement = readEnum(
    violations,
    `${path}.enforcement`,
    LimitEnforcementSchema,
    enforcementsByNumber,
    message.enforcement,
  );
  const periodKind = readEnum(
    violations,
    `${path}.period_kind`,
    PeriodKindSchema,
    periodKindsByNumber,
    message.periodKind,
  );
  return {
    metricCode: readCode(violations, `${path}.metric_code`, message.metricCode),
    limit: readLimit(violations, `${path}.limit`, message),
    // The stand-ins never leave this file: their absence is a violation.
    enforcement: enforcement ?? "HARD",
    periodKind: periodKind ?? "MONTH",
  };
}

function checkMetricsDiffer(violations: FieldViolations, limits: readonly QuotaLimit[]): void {
  const codes = limits.map((limit) => limit.metricCode);
  for (const position of repeatedPositions(codes)) {
    const code = codes[position] ?? "";
    if (code === "") continue;
    violations.add(`plan.limits[${position}].metric_code`, `${quoted(code)} has a limit already in this plan`);
  }
}
