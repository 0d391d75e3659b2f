import type { AdminService } from "../../../gen/quota/v1/admin_service_pb.ts";
import { UsageEventSchema } from "../../../gen/quota/v1/usage_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { usageEventMessage } from "../mapping/usage-event.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { tenantsEventQuestionOf } from "../validation/admin/list-usage-events-request.ts";

export function listUsageEvents(admin: ApiServices["admin"]): HandlerOf<typeof AdminService.method.listUsageEvents> {
  return async (request) => {
    const { filter, page } = tenantsEventQuestionOf(request);
    const { items, nextPageToken = "" } = await admin.listUsageEvents(filter, {
      ...page,
      bytesOf: wireBytesOf(UsageEventSchema, usageEventMessage),
    });
    return { events: items.map(usageEventMessage), nextPageToken };
  };
}
