import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ApiKeySchema } from "../../../gen/quota/v1/api_key_pb.ts";
import type { ApiKey } from "../../domain/api-key.ts";
import type { EpochMilliseconds } from "../../domain/instant.ts";
import { roleMessages } from "./roles.ts";

export function apiKeyMessage(key: ApiKey): MessageInitShape<typeof ApiKeySchema> {
  const { id, displayName, role, tenantId, prefix } = key;
  return {
    id,
    displayName,
    role: roleMessages[role],
    tenantId,
    prefix,
    createdAt: timestampFromMs(key.createdAt),
    expiresAt: timestampOf(key.expiresAt),
    lastUsedAt: timestampOf(key.lastUsedAt),
    revokedAt: timestampOf(key.revokedAt),
  };
}

function timestampOf(instant: EpochMilliseconds | undefined) {
  return instant === undefined ? undefined : timestampFromMs(instant);
}
