import type { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { actorOf } from "../auth/actor.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { tenantIdOf } from "../validation/control-requests.ts";

export function deleteSubscription(
  subscriptions: ApiServices["subscriptions"],
): HandlerOf<typeof SubscriptionService.method.deleteSubscription> {
  return async (request, context) => {
    await subscriptions.deleteSubscription(tenantIdOf(request), actorOf(context));
    return {};
  };
}
