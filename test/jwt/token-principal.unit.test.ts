import { describe, expect, it } from "vitest";
import { roles } from "../../src/domain/principal.ts";
import { tokenPrincipal } from "../../src/infrastructure/jwt/token-principal.ts";

const tenantId = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e";
const identity = new Map(roles.map((role) => [role, role] as const));
const plain = { roleClaim: "role", tenantClaim: "tenant_id", roles: identity };

describe("a token stands for", () => {
  it.each(["SERVICE", "ADMIN", "AUDITOR"])("a %s by its role claim, whatever tenant it names", (role) => {
    expect(tokenPrincipal({ sub: "api", role, tenant_id: tenantId }, plain)).toEqual({ name: "api", role });
  });

  it("a tenant by its role and tenant claims", () => {
    const token = { sub: "shop", role: "TENANT", tenant_id: tenantId.toUpperCase() };
    expect(tokenPrincipal(token, plain)).toEqual({ name: "shop", role: "TENANT", tenantId });
  });

  it("what the configuration makes of its claims, wherever they stand", () => {
    const claims = {
      roleClaim: "/realm_access/roles",
      tenantClaim: "/https:~1~1example.com~1tenant",
      roles: new Map([
        ["quota-admin", "ADMIN"],
        ["quota-tenant", "TENANT"],
      ] as const),
    };
    const realm_access = { roles: ["offline_access", "quota-tenant", 7, null] };
    const token = { realm_access, "https://example.com/tenant": tenantId };
    expect(tokenPrincipal(token, claims)).toEqual({ name: "token without a subject", role: "TENANT", tenantId });
    expect(tokenPrincipal({ realm_access: { roles: ["quota-admin"] } }, claims)).toMatchObject({ role: "ADMIN" });
    expect(tokenPrincipal({ realm_access: { roles: ["ADMIN"] } }, claims)).toBeUndefined();
  });

  it("one role, named twice or not", () => {
    expect(tokenPrincipal({ role: ["ADMIN", "ADMIN", "x"] }, plain)).toMatchObject({ role: "ADMIN" });
  });
});

describe("a token stands for nobody", () => {
  it.each<[string, Record<string, unknown>]>([
    ["no role", {}],
    ["an unknown role", { role: "OWNER" }],
    ["a role in another case", { role: "admin" }],
    ["two roles", { role: ["ADMIN", "SERVICE"] }],
    ["a role that is no text", { role: { ADMIN: true } }],
    ["the name of something that every object has", { role: "constructor" }],
    ["a tenant's role without a tenant", { role: "TENANT" }],
    ["a tenant's role with an empty tenant", { role: "TENANT", tenant_id: "" }],
    ["a tenant's role with the nil tenant", { role: "TENANT", tenant_id: "00000000-0000-0000-0000-000000000000" }],
    ["a tenant's role with several tenants", { role: "TENANT", tenant_id: [tenantId] }],
  ])("with %s", (_, token) => {
    expect(tokenPrincipal({ sub: "x", ...token }, plain)).toBeUndefined();
  });

  it("when a claim's place is inherited, and not its own", () => {
    const polluted: Record<string, unknown> = Object.create({ role: "ADMIN", nested: { role: "ADMIN" } });
    for (const roleClaim of ["role", "/role", "/nested/role", "/__proto__/role"]) {
      expect(tokenPrincipal(polluted, { ...plain, roleClaim })).toBeUndefined();
    }
  });
});

it.each<[unknown, string]>([
  ["name", "name"],
  ["", "token without a subject"],
  [7, "token without a subject"],
  ["a\u0000b\ud800", "ab\ufffd"],
  ["\u{1f680}".repeat(300), "\u{1f680}".repeat(200)],
])("the subject %j is a name that can be stored", (sub, name) => {
  expect(tokenPrincipal({ sub, role: "ADMIN" }, plain)?.name).toBe(name);
});
