import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { LimitOverrideSchema } from "../../../gen/quota/v1/subscription_pb.ts";
import { LimitEnforcement } from "../../../gen/quota/v1/usage_pb.ts";
import type { LimitOverride } from "../../domain/limit-override.ts";
import { enforcementMessages } from "./enums.ts";

export function limitOverrideMessage(override: LimitOverride): MessageInitShape<typeof LimitOverrideSchema> {
  const { tenantId, metricCode, limit, enforcement, reason, expiresAt, createdAt, updatedAt } = override;
  return {
    tenantId,
    metricCode,
    limit: limit ?? undefined,
    unlimited: limit === null,
    enforcement: enforcement === undefined ? LimitEnforcement.UNSPECIFIED : enforcementMessages[enforcement],
    reason,
    expiresAt: expiresAt === undefined ? undefined : timestampFromMs(expiresAt),
    createdAt: timestampFromMs(createdAt),
    updatedAt: timestampFromMs(updatedAt),
  };
}
