import type { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { withinOwnTenant } from "../auth/own-tenant.ts";
import { subscriptionMessage } from "../mapping/subscription.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { tenantIdOf } from "../validation/control-requests.ts";

export function getSubscription(
  subscriptions: ApiServices["subscriptions"],
): HandlerOf<typeof SubscriptionService.method.getSubscription> {
  return async (request, context) => {
    return {
      subscription: subscriptionMessage(
        await subscriptions.getSubscription(tenantIdOf(withinOwnTenant(context.principal, request))),
      ),
    };
  };
}
