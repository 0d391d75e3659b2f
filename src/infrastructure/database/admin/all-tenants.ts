import { tenantFilterName } from "../entities/tenant-table.ts";

/** For reads under the role that sees all tenants: the ORM's own filter is turned off by name. */
export const allTenants = { filters: { [tenantFilterName]: false } } as const;
