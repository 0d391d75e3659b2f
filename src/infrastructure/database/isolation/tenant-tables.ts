import { entities } from "../entities/all-entities.ts";

/** A policy as the code wants it. */
export interface WantedPolicy {
  readonly name: string;
  readonly command: string;
  readonly roles: readonly string[];
  /** SQL of the condition on rows that are read; absent: every row. */
  readonly using: string | undefined;
  /** SQL of the condition on rows that are written; absent: the same as `using`. */
  readonly check: string | undefined;
}

export interface TenantTable {
  readonly name: string;
  readonly policies: readonly WantedPolicy[];
}

/** Every table with a tenant in it, and the policies that the entities declare for it. */
export function tenantTables(): TenantTable[] {
  return entities.flatMap(({ meta }) =>
    Object.hasOwn(meta.properties, "tenantId") || meta.rowLevelSecurity !== undefined
      ? [{ name: meta.tableName, policies: (meta.policies ?? []).map(wantedPolicy) }]
      : [],
  );
}

interface DeclaredPolicy {
  readonly name?: string;
  readonly command?: string;
  readonly type?: string;
  readonly roles?: unknown;
  readonly using?: unknown;
  readonly check?: unknown;
}

/** The ORM also takes callbacks and restrictive policies; the comparison knows what the entities use, and says so. */
function wantedPolicy({ name, command = "all", type, roles, using, check }: DeclaredPolicy): WantedPolicy {
  const isPlain = [using, check].every((text) => text === undefined || typeof text === "string");
  if (name === undefined || !isPlain || !Array.isArray(roles) || (type ?? "permissive") !== "permissive") {
    throw new Error(`policy ${name} is declared in a way that the start cannot compare with the database`);
  }
  return { name, command, roles, using: using as string | undefined, check: check as string | undefined };
}
