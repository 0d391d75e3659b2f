/** Names the tenant where the credential does not. */
export const tenantIdHeader = "X-Tenant-Id";
