import type { ControlChange } from "../../domain/control-change.ts";
import type { Plan } from "../../domain/plan.ts";

export type StoredRow = Plan | ControlChange | { readonly tenantId: string };

/**
 * Whose rows a transaction sees and may write: what row level security is in the database. Plans are everybody's, and so are
 * the changes of what belongs to no tenant.
 */
export class TenantScope {
  /** Sees the rows of all tenants and writes none, nor plans. */
  static readonly readingAllTenants = new TenantScope(undefined);

  readonly #tenantIds: ReadonlySet<string> | undefined;

  private constructor(tenantIds: ReadonlySet<string> | undefined) {
    this.#tenantIds = tenantIds;
  }

  /** Sees and writes the rows of these tenants, and plans. */
  static of(tenantIds: readonly string[]): TenantScope {
    return new TenantScope(new Set(tenantIds));
  }

  sees(row: StoredRow): boolean {
    if (this.#tenantIds === undefined || !("tenantId" in row) || row.tenantId === undefined) return true;
    return this.#tenantIds.has(row.tenantId);
  }

  assertMayWrite(): void {
    if (this.#tenantIds === undefined) throw new Error("a transaction that reads all tenants must not write");
  }

  assertMayWriteRow(row: StoredRow): void {
    this.assertMayWrite();
    if (!this.sees(row)) throw new Error("a transaction must not write rows of a tenant that it did not name");
  }
}
