import { codeProblem, tenantIdProblem } from "../../domain/checks.ts";
import type { FieldViolations } from "./field-violations.ts";

/** The tenant in the case that is stored; what is not a tenant id goes to the violations. */
export function readTenantId(violations: FieldViolations, field: string, tenantId: string): string {
  violations.add(field, tenantIdProblem(tenantId));
  return tenantId.toLowerCase();
}

/** A metric code or plan code. */
export function readCode(violations: FieldViolations, field: string, code: string): string {
  violations.add(field, codeProblem(code));
  return code;
}

/** A code that may be left out. Present but empty is refused: it is a variable that was never filled. */
export function readOptionalCode(
  violations: FieldViolations,
  field: string,
  code: string | undefined,
): string | undefined {
  return code === undefined ? undefined : readCode(violations, field, code);
}

/** A tenant that may be left out. Present but empty is refused, as for codes. */
export function readOptionalTenantId(
  violations: FieldViolations,
  field: string,
  tenantId: string | undefined,
): string | undefined {
  return tenantId === undefined ? undefined : readTenantId(violations, field, tenantId);
}
