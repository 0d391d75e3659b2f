import { appRole, readerRole, tenantSetting } from "../roles.ts";

/**
 * What every table of tenant data has besides its columns. Isolation is double: the ORM's filter keeps honest code within
 * its tenants, and row level security holds where the filter is missing or does not apply (raw SQL, inserts, updates).
 */
export const tenantFilterName = "tenant";

export interface TenantFilterParams {
  readonly tenantIds: readonly string[];
}

/** Added to queries unless they turn it off by name; without parameters it throws rather than let everything pass. */
export const tenantFilter = {
  [tenantFilterName]: {
    name: tenantFilterName,
    cond: (params: TenantFilterParams) => ({ tenantId: { $in: [...params.tenantIds] } }),
    default: true,
  },
};

/**
 * A set, because a batch carries several tenants. A missing setting and an empty one both give no rows, and deny.
 *
 * PostgreSQL runs the sub-select once for a statement and keeps its rows in a hash table. Without it the setting would be cut
 * up and cast again for each row and each policy, and an array would be searched from its beginning.
 *
 * To the planner it is opaque. It would search an index by a plain `any`, and read all rows of all tenants named where the
 * query asks for one row each; or take it for more selective than it is, and sort a tenant's whole history for one page.
 */
const ownTenants = `tenant_id in (select unnest(string_to_array(current_setting('${tenantSetting}', true), ',')::uuid[]) as unnest)`;

export function tenantPolicies(table: string) {
  return policiesOf(table, ownTenants);
}

/**
 * For tables of which some rows belong to no tenant: those are everybody's.
 *
 * @param kept SQL of the condition on the rows that work for tenants may see at all
 */
export function optionalTenantPolicies(table: string, kept: string) {
  return policiesOf(table, `${kept} and (tenant_id is null or ${ownTenants})`);
}

function policiesOf(table: string, condition: string) {
  return [
    { name: `${table}_app`, command: "all" as const, roles: [appRole], using: condition, check: condition },
    { name: `${table}_reader`, command: "select" as const, roles: [readerRole], using: "true" },
  ];
}
