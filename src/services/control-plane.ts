import type { Actor } from "../domain/actor.ts";
import type { RandomBits } from "../domain/event-id.ts";
import type { ControlStore, ControlUnitOfWork } from "../repositories/control-unit-of-work.ts";
import { ControlJournal } from "./control-journal.ts";
import { changeSafely, rerunAfterLostRace } from "./storage-failures.ts";

export interface ControlCall {
  /** Every tenant that the change touches. */
  readonly tenantIds: readonly string[];
  readonly actor: Actor;
  /** Whether the caller may simply repeat the call: it then changes nothing more than once. */
  readonly isRepeatable: boolean;
}

/** Runs the transactions of the control plane, and gives each change a journal in which to write itself down. */
export class ControlPlane {
  readonly #unitOfWork: ControlUnitOfWork;
  readonly #random: RandomBits;

  constructor(unitOfWork: ControlUnitOfWork, random: RandomBits) {
    this.#unitOfWork = unitOfWork;
    this.#random = random;
  }

  /** @throws OutcomeUnknownError, DatabaseUnavailableError, OverloadedError */
  async change<T>(
    { tenantIds, actor, isRepeatable }: ControlCall,
    work: (store: ControlStore, journal: ControlJournal) => Promise<T>,
  ): Promise<T> {
    return await changeSafely(isRepeatable, () =>
      this.#unitOfWork.change(tenantIds, (store) =>
        work(store, new ControlJournal(store.changes, actor, this.#random)),
      ),
    );
  }

  /** Reads as one tenant, under its isolation. */
  async readTenant<T>(tenantId: string, work: (store: ControlStore) => Promise<T>): Promise<T> {
    return await rerunAfterLostRace(() => this.#unitOfWork.change([tenantId], work));
  }

  async readAllTenants<T>(work: (store: ControlStore) => Promise<T>): Promise<T> {
    return await rerunAfterLostRace(() => this.#unitOfWork.readAllTenants(work));
  }
}
