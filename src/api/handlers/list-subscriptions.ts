import { SubscriptionSchema } from "../../../gen/quota/v1/subscription_pb.ts";
import type { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { subscriptionMessage } from "../mapping/subscription.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { subscriptionPageOf } from "../validation/control-requests.ts";

export function listSubscriptions(
  subscriptions: ApiServices["subscriptions"],
): HandlerOf<typeof SubscriptionService.method.listSubscriptions> {
  return async (request) => {
    const { filter, page } = subscriptionPageOf(request);
    const { items, nextPageToken = "" } = await subscriptions.listSubscriptions(filter, {
      ...page,
      bytesOf: wireBytesOf(SubscriptionSchema, subscriptionMessage),
    });
    return { subscriptions: items.map(subscriptionMessage), nextPageToken };
  };
}
