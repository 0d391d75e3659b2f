import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { SubscriptionSchema } from "../../../gen/quota/v1/subscription_pb.ts";
import type { Subscription } from "../../domain/subscription.ts";

export function subscriptionMessage(subscription: Subscription): MessageInitShape<typeof SubscriptionSchema> {
  const { tenantId, planCode, timeZone, anchor, createdAt, updatedAt } = subscription;
  return {
    tenantId,
    planCode,
    timeZone,
    anchor: anchor === undefined ? undefined : timestampFromMs(anchor),
    createdAt: timestampFromMs(createdAt),
    updatedAt: timestampFromMs(updatedAt),
  };
}
