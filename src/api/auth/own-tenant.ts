import { tenantIdProblem } from "../../domain/checks.ts";
import { PlanCodeNotAllowedError, TenantMismatchError } from "../../domain/errors/access-errors.ts";
import type { Principal } from "../../domain/principal.ts";

interface TenantRequest {
  readonly tenantId: string;
  readonly planCode?: string | undefined;
}

/**
 * The request as the caller may mean it. A tenant's own credential fills its tenant in where it is left out, and may name
 * neither another one nor a plan. Decided from the request alone, before anything is looked up, so that the answer cannot
 * tell what exists. What is no tenant id at all is left to validation.
 *
 * @throws TenantMismatchError, PlanCodeNotAllowedError
 */
export function withinOwnTenant<R extends TenantRequest>(principal: Principal, request: R): R {
  if (principal.role !== "TENANT") return request;
  const { role, tenantId: own } = principal;
  const { tenantId: sent, planCode } = request;
  const named = sent.toLowerCase();
  if (sent !== "" && named !== own && tenantIdProblem(sent) === undefined) throw new TenantMismatchError(named);
  if (planCode !== undefined) throw new PlanCodeNotAllowedError(role);
  return sent === "" ? { ...request, tenantId: own } : request;
}
