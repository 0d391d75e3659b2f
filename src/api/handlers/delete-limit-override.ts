import type { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { actorOf } from "../auth/actor.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { overridePositionOf } from "../validation/control-requests.ts";

export function deleteLimitOverride(
  subscriptions: ApiServices["subscriptions"],
): HandlerOf<typeof SubscriptionService.method.deleteLimitOverride> {
  return async (request, context) => {
    await subscriptions.deleteLimitOverride(overridePositionOf(request), actorOf(context));
    return {};
  };
}
