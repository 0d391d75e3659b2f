import { describe, expect, it } from "vitest";
import { withinOwnTenant } from "../../../src/api/auth/own-tenant.ts";
import { PlanCodeNotAllowedError, TenantMismatchError } from "../../../src/domain/errors/access-errors.ts";
import type { Principal } from "../../../src/domain/principal.ts";

const own = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e";
const other = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3f";
const tenant: Principal = { role: "TENANT", tenantId: own, name: "shop" };

describe("a tenant's own credential", () => {
  it("may leave its tenant out, which then is its own", () => {
    expect(withinOwnTenant(tenant, { tenantId: "", amount: 1n })).toEqual({ tenantId: own, amount: 1n });
  });

  it("may name its tenant, in either case", () => {
    expect(withinOwnTenant(tenant, { tenantId: own })).toEqual({ tenantId: own });
    expect(withinOwnTenant(tenant, { tenantId: own.toUpperCase() })).toEqual({ tenantId: own.toUpperCase() });
  });

  it.each([other, other.toUpperCase()])("may not name another one: %s", (tenantId) => {
    expect(() => withinOwnTenant(tenant, { tenantId })).toThrow(new TenantMismatchError(other));
  });

  it.each(["starter", "", "No Code"])("may not name a plan, whatever its code: %j", (planCode) => {
    for (const tenantId of ["", own]) {
      expect(() => withinOwnTenant(tenant, { tenantId, planCode })).toThrow(PlanCodeNotAllowedError);
    }
  });

  it("is told of the other tenant first, whatever else is wrong", () => {
    expect(() => withinOwnTenant(tenant, { tenantId: other, planCode: "starter" })).toThrow(TenantMismatchError);
  });

  it.each(["no-uuid", "00000000-0000-0000-0000-000000000000", `${own} `])(
    "leaves what is no tenant id to validation: %j",
    (tenantId) => {
      expect(withinOwnTenant(tenant, { tenantId })).toEqual({ tenantId });
    },
  );
});

it.each<Principal>([
  { name: "without authentication" },
  { role: "SERVICE", name: "api" },
  { role: "ADMIN", name: "ops" },
  { role: "AUDITOR", name: "console" },
])("$name may name any tenant and plan, and nothing is filled in", (principal) => {
  const request = { tenantId: other, planCode: "starter" };
  expect(withinOwnTenant(principal, request)).toBe(request);
  const empty = { tenantId: "" };
  expect(withinOwnTenant(principal, empty)).toBe(empty);
});
