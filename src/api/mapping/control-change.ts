import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Role } from "../../../gen/quota/v1/api_key_pb.ts";
import type { ControlChangeSchema } from "../../../gen/quota/v1/control_change_pb.ts";
import type { ControlChange } from "../../domain/control-change.ts";
import { controlObjectKindMessages, controlOperationMessages } from "./enums.ts";
import { roleMessages } from "./roles.ts";

export function controlChangeMessage(change: ControlChange): MessageInitShape<typeof ControlChangeSchema> {
  const { id, createdAt, actor, operation, objectKind, objectId, tenantId, before, after } = change;
  return {
    id,
    createdAt: timestampFromMs(createdAt),
    actorKeyId: actor.keyId,
    actorName: actor.name,
    actorRole: actor.role === undefined ? Role.UNSPECIFIED : roleMessages[actor.role],
    operation: controlOperationMessages[operation],
    objectKind: controlObjectKindMessages[objectKind],
    objectId,
    tenantId,
    before,
    after,
    requestId: actor.requestId,
  };
}
