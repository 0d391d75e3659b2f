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
 * `any` over an array, because a batch carries several tenants. The array is made in a sub-select, which PostgreSQL evaluates
 * once for a statement; without it, the setting is cut up and cast again for each row and each policy, which for batches of
 * 256 tenants costs several times the work itself. A missing setting gives NULL and an empty one no elements: both deny.
 */
const ownTenants = `tenant_id = any ((select string_to_array(current_setting('${tenantSetting}', true), ',')::uuid[] as ids)::uuid[])`;

export function tenantPolicies(table: string) {
  return [
    { name: `${table}_app`, command: "all" as const, roles: [appRole], using: ownTenants, check: ownTenants },
    { name: `${table}_reader`, command: "select" as const, roles: [readerRole], using: "true" },
  ];
}
