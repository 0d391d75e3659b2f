/**
 * The database roles that the serving login takes on, transaction by transaction. They are roles of the whole cluster and
 * have no login of their own.
 */

/** Reads and writes the rows of the tenants named in `tenantSetting`, and the tables that belong to no tenant. */
export const appRole = "quota_app";

/** Reads the rows of all tenants and writes none. */
export const readerRole = "quota_reader";

/** Reads and writes the credentials of callers, and nothing else. */
export const authRole = "quota_auth";

/** Every role that the serving login is a member of. */
export const servingRoles: readonly string[] = [appRole, readerRole, authRole];

/** The transaction's tenants, as UUIDs joined by commas; missing or empty denies everything. */
export const tenantSetting = "quota.tenant_ids";
