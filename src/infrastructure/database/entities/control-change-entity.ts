import { defineEntity, p } from "@mikro-orm/core";
import { controlObjectKinds, controlOperations } from "../../../domain/control-change.ts";
import { roles } from "../../../domain/principal.ts";
import { authRole } from "../roles.ts";
import { instantColumn } from "./columns.ts";
import { optionalTenantPolicies, tenantFilter } from "./tenant-table.ts";

const table = "quota_control_change";

const ofKeys = "object_kind = 'API_KEY'";

/** The audit trail of the control plane. Insert only, like usage events. */
export const ControlChangeEntity = defineEntity({
  name: "ControlChangeEntity",
  tableName: table,
  properties: {
    /** Null for plans, which belong to no tenant. */
    tenantId: p.uuid().nullable(),
    id: p.uuid().primary(),
    createdAt: instantColumn(),
    actorKeyId: p.uuid().nullable(),
    actorName: p.text(),
    actorRole: p.enum(roles).nullable(),
    operation: p.enum(controlOperations),
    objectKind: p.enum(controlObjectKinds),
    objectId: p.text(),
    before: p.json<Record<string, unknown>>().nullable(),
    after: p.json<Record<string, unknown>>().nullable(),
    requestId: p.text(),
  },
  indexes: [
    { name: `${table}_object_idx`, properties: ["objectId", "objectKind", "id"] },
    { name: `${table}_tenant_idx`, properties: ["tenantId", "id"] },
    { name: `${table}_actor_idx`, properties: ["actorKeyId", "id"] },
  ],
  checks: [
    {
      name: `${table}_content_check`,
      expression: "(operation = 'CREATE') = (before is null) and (operation = 'DELETE') = (after is null)",
    },
  ],
  triggers: [
    {
      name: "immutable",
      timing: "before",
      // TRUNCATE too, by a trigger that the migration alone knows, as for usage events.
      events: ["update", "delete"],
      forEach: "statement",
      body: "raise exception 'changes of the control plane are immutable' using errcode = 'restrict_violation'",
    },
  ],
  filters: tenantFilter,
  policies: [
    // Entries of keys belong to no tenant either, and tell as much as the keys: neither is for who works for tenants.
    ...optionalTenantPolicies(table, "object_kind <> 'API_KEY'"),
    // Whoever changes keys writes that down, and sees no other entries.
    { name: `${table}_auth`, command: "all", roles: [authRole], using: ofKeys, check: ofKeys },
  ],
  rowLevelSecurity: "force",
});
