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
 * `any` over an array, because a batch carries several tenants. A missing setting gives NULL and an empty one no elements, and
 * both deny.
 *
 * The array is made in a sub-select, which PostgreSQL evaluates once for a statement; without it the setting would be cut up
 * and cast again for each row and each policy, which for a batch of 256 tenants costs many times the work itself.
 *
 * `coalesce` is opaque to the planner. Otherwise it would search an index by the policy, and read all rows of all tenants named
 * where the query asks for one row each; or take the policy for more selective than it is, and sort a tenant's whole history
 * for the sake of one page.
 */
const ownTenants = `coalesce(tenant_id = any ((select string_to_array(current_setting('${tenantSetting}', true), ',')::uuid[] as ids)::uuid[]), false)`;

export function tenantPolicies(table: string) {
  return [
    { name: `${table}_app`, command: "all" as const, roles: [appRole], using: ownTenants, check: ownTenants },
    { name: `${table}_reader`, command: "select" as const, roles: [readerRole], using: "true" },
  ];
}
