import { migrations } from "../../../../migrations/migrations.ts";

/** How the database's schema stands to this code. */
export type SchemaState =
  | { readonly state: "current" }
  /** Migrations are missing. */
  | { readonly state: "behind"; readonly missing: readonly string[] }
  /** The database has migrations that this code does not know: it was migrated by a newer version. */
  | { readonly state: "ahead"; readonly unknown: readonly string[] };

export function compareSchema(executed: readonly string[]): SchemaState {
  const known = migrations.map((migration) => migration.name);
  const unknown = executed.filter((name) => !known.includes(name));
  if (unknown.length > 0) return { state: "ahead", unknown };
  const missing = known.filter((name) => !executed.includes(name));
  return missing.length > 0 ? { state: "behind", missing } : { state: "current" };
}
