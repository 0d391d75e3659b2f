import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import type { UsageEventSchema } from "../../../gen/quota/v1/usage_pb.ts";
import type { UsageEvent } from "../../domain/usage-event.ts";
import { enforcementMessages, limitSourceMessages } from "./enums.ts";
import { periodFields } from "./period.ts";
import { timestampInit } from "./timestamp.ts";

export function usageEventMessage(event: UsageEvent): MessageInitShape<typeof UsageEventSchema> {
  return {
    id: event.id,
    tenantId: event.tenantId,
    metricCode: event.metricCode,
    amount: event.amount,
    metadata: metadataMessage(event.metadata),
    createdAt: timestampInit(event.createdAt),
    idempotencyKey: event.idempotencyKey,
    sequence: event.sequence,
    usageAfter: event.usageAfter,
    limit: event.limit ?? undefined,
    enforcement: enforcementMessages[event.enforcement],
    limitSource: limitSourceMessages[event.limitSource],
    planCode: event.planCode,
    requestedPlanCode: event.requestedPlanCode,
    ...periodFields(event),
  };
}

/**
 * JSON.parse and protobuf-es both keep a member named `__proto__` as the object's own, so it comes back as it was sent;
 * code that copies members by assignment would lose it.
 */
function metadataMessage(canonicalJson: string): JsonObject {
  // Stored metadata was an object when it was checked on its way in.
  return JSON.parse(canonicalJson) as JsonObject;
}
