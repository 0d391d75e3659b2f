/** What a caller may do, in the words of `quota.v1.Role`. Which RPC takes which role stands in the doors' one table. */
export const roles = ["SERVICE", "TENANT", "ADMIN", "AUDITOR"] as const;

export type Role = (typeof roles)[number];

/** Who calls. */
export type Principal = {
  /** The API key that was shown. Absent: another credential, or none. */
  readonly keyId?: string;
  /** For people: the key's display name, or what stands in its place; at most 200 characters. */
  readonly name: string;
} & (TenantRights | OtherRights);

interface TenantRights {
  readonly role: "TENANT";
  /** The tenant that the credential belongs to, lower-cased. */
  readonly tenantId: string;
}

interface OtherRights {
  /** Absent: the service runs without authentication, and the caller may do everything. */
  readonly role?: Exclude<Role, "TENANT">;
  readonly tenantId?: never;
}
