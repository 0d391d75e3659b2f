import { create, type JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type UsageEvent as UsageEventMessage, UsageEventSchema } from "../../../gen/quota/v1/usage_pb.ts";
import type { UsageEvent } from "../../domain/usage-event.ts";
import { enforcementMessages, limitSourceMessages } from "./enums.ts";
import { periodFields } from "./period.ts";

/** A finished message rather than an initialiser, because a page of events is measured before it is sent. */
export function usageEventMessage(event: UsageEvent): UsageEventMessage {
  return create(UsageEventSchema, {
    id: event.id,
    tenantId: event.tenantId,
    metricCode: event.metricCode,
    amount: event.amount,
    metadata: metadataMessage(event.metadata),
    createdAt: timestampFromMs(event.createdAt),
    idempotencyKey: event.idempotencyKey,
    sequence: event.sequence,
    usageAfter: event.usageAfter,
    limit: event.limit ?? undefined,
    enforcement: enforcementMessages[event.enforcement],
    limitSource: limitSourceMessages[event.limitSource],
    planCode: event.planCode,
    requestedPlanCode: event.requestedPlanCode,
    ...periodFields(event),
  });
}

/**
 * JSON.parse and protobuf-es both keep a member named `__proto__` as the object's own, so it comes back as it was sent;
 * code that copies members by assignment would lose it.
 */
function metadataMessage(canonicalJson: string): JsonObject {
  // Stored metadata was an object when it was checked on its way in.
  return JSON.parse(canonicalJson) as JsonObject;
}
