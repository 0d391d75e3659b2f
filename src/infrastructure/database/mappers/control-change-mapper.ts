import type { InferEntity } from "@mikro-orm/core";
import type { ControlChange, ControlSnapshot } from "../../../domain/control-change.ts";
import type { ControlChangeEntity } from "../entities/control-change-entity.ts";

export function changeOfEntity(entity: InferEntity<typeof ControlChangeEntity>): ControlChange {
  return {
    id: entity.id,
    createdAt: entity.createdAt.getTime(),
    actor: {
      ...(entity.actorKeyId == null ? {} : { keyId: entity.actorKeyId }),
      name: entity.actorName,
      ...(entity.actorRole == null ? {} : { role: entity.actorRole }),
      requestId: entity.requestId,
    },
    operation: entity.operation,
    objectKind: entity.objectKind,
    objectId: entity.objectId,
    ...(entity.tenantId == null ? {} : { tenantId: entity.tenantId }),
    // What was written was JSON.
    ...(entity.before == null ? {} : { before: entity.before as ControlSnapshot }),
    ...(entity.after == null ? {} : { after: entity.after as ControlSnapshot }),
  };
}
