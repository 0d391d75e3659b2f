import type { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { actorOf } from "../auth/actor.ts";
import { limitOverrideMessage } from "../mapping/limit-override.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { limitOverrideDefinitionOf } from "../validation/limit-override-definition.ts";

export function putLimitOverride(
  subscriptions: ApiServices["subscriptions"],
): HandlerOf<typeof SubscriptionService.method.putLimitOverride> {
  return async (request, context) => {
    const { override, waitsForPlan } = await subscriptions.putLimitOverride(
      limitOverrideDefinitionOf(request),
      actorOf(context),
    );
    return { override: limitOverrideMessage(override), waitsForPlan };
  };
}
