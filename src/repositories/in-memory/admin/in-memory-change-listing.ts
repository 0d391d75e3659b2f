import { compareText } from "../../../domain/compare-text.ts";
import type { ControlChange } from "../../../domain/control-change.ts";
import type { ChangeFilter, ChangeListing } from "../../admin/change-listing.ts";
import type { InMemoryStorage } from "../in-memory-storage.ts";

export class InMemoryChangeListing implements ChangeListing {
  readonly #storage: InMemoryStorage;

  constructor(storage: InMemoryStorage) {
    this.#storage = storage;
  }

  async list(filter: ChangeFilter, afterId: string | undefined, limit: number): Promise<readonly ControlChange[]> {
    const direction = filter.order === "OLDEST_FIRST" ? 1 : -1;
    return [...this.#storage.tables.changes.values()]
      .filter((change) => matches(filter, change))
      .filter(({ id }) => afterId === undefined || direction * compareText(id, afterId) > 0)
      .sort((a, b) => direction * compareText(a.id, b.id))
      .slice(0, limit);
  }
}

function matches(filter: ChangeFilter, change: ControlChange): boolean {
  return (
    (filter.objectKind === undefined || change.objectKind === filter.objectKind) &&
    (filter.objectId === undefined || change.objectId === filter.objectId) &&
    (filter.tenantId === undefined || change.tenantId === filter.tenantId) &&
    (filter.actorKeyId === undefined || change.actor.keyId === filter.actorKeyId) &&
    (filter.createdFrom === undefined || change.createdAt >= filter.createdFrom) &&
    (filter.createdBefore === undefined || change.createdAt < filter.createdBefore)
  );
}
