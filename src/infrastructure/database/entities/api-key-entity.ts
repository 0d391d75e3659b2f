import { defineEntity, p } from "@mikro-orm/core";
import { roles } from "../../../domain/principal.ts";
import { authRole } from "../roles.ts";
import { instantColumn } from "./columns.ts";

const table = "quota_api_key";

/**
 * Seen by `quota_auth` alone, which sees nothing else: a hostile query in a unit of work of usage or plans reaches no key,
 * not even its tenant's own.
 */
export const ApiKeyEntity = defineEntity({
  name: "ApiKeyEntity",
  tableName: table,
  properties: {
    id: p.uuid().primary(),
    displayName: p.text(),
    role: p.enum(roles),
    tenantId: p.uuid().nullable(),
    prefix: p.text(),
    /** SHA-256 of the secret in hexadecimal; read where it is compared, and nowhere else. */
    secretHash: p.text().lazy(),
    createdAt: instantColumn(),
    expiresAt: instantColumn().nullable(),
    lastUsedAt: instantColumn().nullable(),
    revokedAt: instantColumn().nullable(),
  },
  uniques: [{ name: `${table}_prefix_key`, properties: ["prefix"] }],
  indexes: [{ name: `${table}_tenant_idx`, properties: ["tenantId", "id"] }],
  checks: [
    { name: `${table}_tenant_check`, expression: "(role = 'TENANT') = (tenant_id is not null)" },
    { name: `${table}_hash_check`, expression: "secret_hash ~ '^[0-9a-f]{64}$'" },
  ],
  policies: [{ name: `${table}_auth`, command: "all", roles: [authRole], using: "true", check: "true" }],
  rowLevelSecurity: "force",
});
