import { LimitOverrideSchema } from "../../../gen/quota/v1/subscription_pb.ts";
import type { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { limitOverrideMessage } from "../mapping/limit-override.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { overridePageOf } from "../validation/control-requests.ts";

export function listLimitOverrides(
  subscriptions: ApiServices["subscriptions"],
): HandlerOf<typeof SubscriptionService.method.listLimitOverrides> {
  return async (request) => {
    const { filter, page } = overridePageOf(request);
    const { items, nextPageToken = "" } = await subscriptions.listLimitOverrides(filter, {
      ...page,
      bytesOf: wireBytesOf(LimitOverrideSchema, limitOverrideMessage),
    });
    return { overrides: items.map(limitOverrideMessage), nextPageToken };
  };
}
