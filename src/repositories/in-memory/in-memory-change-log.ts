import type { ControlChange, ControlObjectKind } from "../../domain/control-change.ts";
import type { ChangeLog } from "../change-log.ts";
import type { InMemoryTransaction } from "./in-memory-transaction.ts";

export class InMemoryChangeLog implements ChangeLog {
  readonly #transaction: InMemoryTransaction;

  constructor(transaction: InMemoryTransaction) {
    this.#transaction = transaction;
  }

  async findLastId(objectKind: ControlObjectKind, objectId: string): Promise<string | undefined> {
    return [...this.#transaction.changes.values()]
      .filter((change) => change.objectKind === objectKind && change.objectId === objectId)
      .map(({ id }) => id)
      .sort()
      .at(-1);
  }

  async append(change: ControlChange): Promise<void> {
    if (change.objectKind === "API_KEY") throw new Error("changes of keys are for those who may change keys");
    this.#transaction.change(() => {
      if (this.#transaction.changes.get(change.id) !== undefined) throw new Error("a change of this id exists");
      this.#transaction.changes.set(change.id, change);
    });
  }
}
