import type { EntityManager } from "@mikro-orm/postgresql";
import type { ControlChange, ControlObjectKind } from "../../../domain/control-change.ts";
import type { ChangeLog } from "../../../repositories/change-log.ts";
import { ControlChangeEntity } from "../entities/control-change-entity.ts";
import { tenantFilterName } from "../entities/tenant-table.ts";

export class PostgresChangeLog implements ChangeLog {
  readonly #em: EntityManager;
  readonly #ids: string[] = [];

  constructor(em: EntityManager) {
    this.#em = em;
  }

  /** What this transaction has added, which proves it once its commit's answer is lost. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  async findLastId(objectKind: ControlObjectKind, objectId: string): Promise<string | undefined> {
    const [last] = await this.#em.find(
      ControlChangeEntity,
      { objectKind, objectId },
      // The filter knows no rows without a tenant, and the policy does.
      { fields: ["id"], orderBy: { id: "desc" }, limit: 1, filters: { [tenantFilterName]: false } },
    );
    return last?.id;
  }

  async append(change: ControlChange): Promise<void> {
    this.#ids.push(change.id);
    await this.#em.insert(ControlChangeEntity, {
      tenantId: change.tenantId ?? null,
      id: change.id,
      createdAt: new Date(change.createdAt),
      actorKeyId: change.actor.keyId ?? null,
      actorName: change.actor.name,
      actorRole: change.actor.role ?? null,
      operation: change.operation,
      objectKind: change.objectKind,
      objectId: change.objectId,
      before: change.before ?? null,
      after: change.after ?? null,
      requestId: change.actor.requestId,
    });
  }
}
