import type { ReadableTable } from "./in-memory-tables.ts";
import type { StoredRow, TenantScope } from "./tenant-scope.ts";

/** One table within one transaction: what is committed, under its own changes, as far as its scope sees. */
export class StagedTable<Row extends StoredRow> implements ReadableTable<Row> {
  readonly #committed: Map<string, Row>;
  readonly #scope: TenantScope;
  /** Changed rows by key; undefined stands for a deleted one. */
  readonly #changes = new Map<string, Row | undefined>();

  constructor(committed: Map<string, Row>, scope: TenantScope) {
    this.#committed = committed;
    this.#scope = scope;
  }

  get(key: string): Row | undefined {
    const row = this.#changes.has(key) ? this.#changes.get(key) : this.#committed.get(key);
    return row !== undefined && this.#scope.sees(row) ? row : undefined;
  }

  values(): Iterable<Row> {
    return this.#allRows().filter((row) => this.#scope.sees(row));
  }

  /** Looks at the rows of every tenant, as foreign keys do. */
  holdsAnyTenants(predicate: (row: Row) => boolean): boolean {
    return this.#allRows().some(predicate);
  }

  set(key: string, row: Row): void {
    this.#scope.assertMayWriteRow(row);
    this.#changes.set(key, row);
  }

  /** A row that the scope does not see stays. */
  delete(key: string): void {
    if (this.get(key) !== undefined) this.#changes.set(key, undefined);
  }

  commit(): void {
    for (const [key, row] of this.#changes) {
      if (row === undefined) this.#committed.delete(key);
      else this.#committed.set(key, row);
    }
  }

  #allRows(): Row[] {
    const unchanged = [...this.#committed].filter(([key]) => !this.#changes.has(key)).map(([, row]) => row);
    return [...unchanged, ...[...this.#changes.values()].filter((row) => row !== undefined)];
  }
}
