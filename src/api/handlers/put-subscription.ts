import type { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { actorOf } from "../auth/actor.ts";
import { subscriptionMessage } from "../mapping/subscription.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { subscriptionDefinitionOf } from "../validation/subscription-definition.ts";

export function putSubscription(
  subscriptions: ApiServices["subscriptions"],
): HandlerOf<typeof SubscriptionService.method.putSubscription> {
  return async (request, context) => {
    const subscription = await subscriptions.putSubscription(subscriptionDefinitionOf(request), actorOf(context));
    return { subscription: subscriptionMessage(subscription) };
  };
}
