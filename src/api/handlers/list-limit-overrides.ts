import type { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { limitOverrideMessage } from "../mapping/limit-override.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { overridePageOf } from "../validation/control-requests.ts";

export function listLimitOverrides(
  subscriptions: ApiServices["subscriptions"],
): HandlerOf<typeof SubscriptionService.method.listLimitOverrides> {
  return async (request) => {
    const { filter, page } = overridePageOf(request);
    const { items, nextPageToken = "" } = await subscriptions.listLimitOverrides(filter, page);
    return { overrides: items.map(limitOverrideMessage), nextPageToken };
  };
}
