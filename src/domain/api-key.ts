import type { EpochMilliseconds } from "./instant.ts";
import type { Principal, Role } from "./principal.ts";

/** What whoever creates a key decides about it. */
export interface ApiKeyDefinition {
  /** For people; 1 to 200 characters, not unique. */
  readonly displayName: string;
  readonly role: Role;
  /** Present exactly when the role is TENANT; lower-cased. */
  readonly tenantId?: string;
  /** Exclusive: at this instant the key no longer works. Absent: it does not expire. */
  readonly expiresAt?: EpochMilliseconds;
}

/** A credential without its secret. */
export interface ApiKey extends ApiKeyDefinition {
  /** A UUIDv7. */
  readonly id: string;
  /** The first characters of the secret, by which people and the service find the key. No two keys share one. */
  readonly prefix: string;
  readonly createdAt: EpochMilliseconds;
  /** Lags behind by up to a minute. Absent: never used. */
  readonly lastUsedAt?: EpochMilliseconds;
  /** Absent: not revoked. Once set it stays. */
  readonly revokedAt?: EpochMilliseconds;
}

/** Whether the key works at this instant. */
export function isActive({ expiresAt, revokedAt }: Pick<ApiKey, "expiresAt" | "revokedAt">, now: EpochMilliseconds) {
  return revokedAt === undefined && (expiresAt === undefined || now < expiresAt);
}

/** Whom the key stands for. @throws Error for a tenant's key without a tenant, which would reach every tenant */
export function principalOf({ id, displayName, role, tenantId }: ApiKey): Principal {
  if (role !== "TENANT") return { keyId: id, name: displayName, role };
  if (tenantId === undefined) throw new Error(`API key ${id} is a tenant's and names none`);
  return { keyId: id, name: displayName, role, tenantId };
}
