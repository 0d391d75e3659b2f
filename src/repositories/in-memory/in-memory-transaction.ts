import type { ControlChange } from "../../domain/control-change.ts";
import type { LimitOverride } from "../../domain/limit-override.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Subscription } from "../../domain/subscription.ts";
import type { UsageEvent } from "../../domain/usage-event.ts";
import type { UsageRefusal } from "../../domain/usage-refusal.ts";
import type { CommittedTables, CounterRecords, ReadableTables } from "./in-memory-tables.ts";
import { StagedTable } from "./staged-table.ts";
import type { TenantScope } from "./tenant-scope.ts";

/** The tables within one unit of work. Nothing of it is stored before `commit`. */
export class InMemoryTransaction implements ReadableTables {
  readonly counters: StagedTable<CounterRecords>;
  readonly events: StagedTable<UsageEvent>;
  readonly keyedEvents: StagedTable<UsageEvent>;
  readonly refusals: StagedTable<UsageRefusal>;
  readonly plans: StagedTable<Plan>;
  readonly subscriptions: StagedTable<Subscription>;
  readonly overrides: StagedTable<LimitOverride>;
  readonly changes: StagedTable<ControlChange>;
  readonly #scope: TenantScope;
  #failure: { readonly error: unknown } | undefined;

  constructor(committed: CommittedTables, scope: TenantScope) {
    this.counters = new StagedTable(committed.counters, scope);
    this.events = new StagedTable(committed.events, scope);
    this.keyedEvents = new StagedTable(committed.keyedEvents, scope);
    this.refusals = new StagedTable(committed.refusals, scope);
    this.plans = new StagedTable(committed.plans, scope);
    this.subscriptions = new StagedTable(committed.subscriptions, scope);
    this.overrides = new StagedTable(committed.overrides, scope);
    this.changes = new StagedTable(committed.changes, scope);
    this.#scope = scope;
  }

  /**
   * Every change goes through here. One that throws dooms the transaction, as a failed statement does in PostgreSQL:
   * what it staged before it failed must not be stored because somebody caught the error.
   */
  change<T>(step: () => T): T {
    try {
      this.#scope.assertMayWrite();
      return step();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  /** @throws whatever an earlier change failed with; nothing is stored then */
  commit(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.counters.commit();
    this.events.commit();
    this.keyedEvents.commit();
    this.refusals.commit();
    this.plans.commit();
    this.subscriptions.commit();
    this.overrides.commit();
    this.changes.commit();
  }
}
