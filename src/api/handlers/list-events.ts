import type { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import { UsageEventSchema } from "../../../gen/quota/v1/usage_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { withinOwnTenant } from "../auth/own-tenant.ts";
import { usageEventMessage } from "../mapping/usage-event.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { eventQuestionOf } from "../validation/list-events-request.ts";

export function listEvents(
  eventListing: ApiServices["eventListing"],
): HandlerOf<typeof QuotaService.method.listEvents> {
  return async (request, context) => {
    const { filter, page } = eventQuestionOf(withinOwnTenant(context.principal, request));
    const { items, nextPageToken = "" } = await eventListing.list(filter, {
      ...page,
      bytesOf: wireBytesOf(UsageEventSchema, usageEventMessage),
    });
    return { events: items.map(usageEventMessage), nextPageToken };
  };
}
