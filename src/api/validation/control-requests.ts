import type { PagePosition } from "../../services/page.ts";
import { readCode, readOptionalCode, readTenantId } from "./common-fields.ts";
import { FieldViolations } from "./field-violations.ts";
import { readPageRequest } from "./page-request.ts";

/** Requests of the control plane that hold an identity, a filter or a page and nothing else. */

interface WirePage {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** @throws InvalidRequestError naming `code` */
export function planCodeOf(request: { readonly code: string }): string {
  const violations = new FieldViolations();
  const code = readCode(violations, "code", request.code);
  violations.throwIfAny();
  return code;
}

/** @throws InvalidRequestError naming `tenant_id` */
export function tenantIdOf(request: { readonly tenantId: string }): string {
  const violations = new FieldViolations();
  const tenantId = readTenantId(violations, "tenant_id", request.tenantId);
  violations.throwIfAny();
  return tenantId;
}

/** @throws InvalidRequestError naming every bad field */
export function overridePositionOf(request: { readonly tenantId: string; readonly metricCode: string }): {
  tenantId: string;
  metricCode: string;
} {
  const violations = new FieldViolations();
  const tenantId = readTenantId(violations, "tenant_id", request.tenantId);
  const metricCode = readCode(violations, "metric_code", request.metricCode);
  violations.throwIfAny();
  return { tenantId, metricCode };
}

/** @throws InvalidRequestError naming every bad field */
export function pageOf(request: WirePage): PagePosition {
  const violations = new FieldViolations();
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  return page;
}

/** @throws InvalidRequestError naming every bad field */
export function subscriptionPageOf(request: WirePage & { readonly planCode?: string | undefined }): {
  filter: { readonly planCode?: string };
  page: PagePosition;
} {
  const violations = new FieldViolations();
  const planCode = readOptionalCode(violations, "plan_code", request.planCode);
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  return { filter: planCode === undefined ? {} : { planCode }, page };
}

/** @throws InvalidRequestError naming every bad field */
export function overridePageOf(request: WirePage & { readonly tenantId?: string | undefined }): {
  filter: { readonly tenantId?: string };
  page: PagePosition;
} {
  const violations = new FieldViolations();
  const { tenantId: sent } = request;
  const tenantId = sent === undefined ? undefined : readTenantId(violations, "tenant_id", sent);
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  return { filter: tenantId === undefined ? {} : { tenantId }, page };
}
